import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { initialize, mintKey } from '@watchword/console';
import { MODES, ROOT_PROJECT, SCOPES } from '@watchword/contracts';
import { encodeBase32 } from '@watchword/platform';
import { createBlindIndex, openRecords } from '@watchword/records';
import { createSealer } from '@watchword/verifications';
import argon2 from 'argon2';
import { z } from 'zod';
import { type Command, CommandRefused, print, readRings, readTarget } from './command.ts';

/** OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, 2 passes, 1 lane. */
const PASSWORD_DIGEST = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const PASSWORD_LENGTH_MIN = 12;

const optionsSchema = z.object({
  email: z.email('--email must be an e-mail address').transform((address) => address.toLowerCase()),
  mode: z.enum(MODES, '--mode must be test or live').default('test'),
  'password-stdin': z.boolean().default(false),
});

export const init: Command = {
  usage: 'init --email <address> [--mode test|live] [--password-stdin]',
  does: 'makes the owner and the first API key, once; prints the key, and the password unless it came by stdin',
  async run(args) {
    const options = readOptions(args);
    const given = options['password-stdin'] ? (await text(process.stdin)).replace(/\r?\n$/, '') : undefined;
    if (given !== undefined && given.length < PASSWORD_LENGTH_MIN) {
      throw new CommandRefused(`The password must have at least ${PASSWORD_LENGTH_MIN} characters.`);
    }
    const password = given ?? encodeBase32(randomBytes(15));
    const { SEAL_KEY, INDEX_KEY } = readRings();
    const records = await openRecords(readTarget());
    try {
      const now = Date.now();
      const first = mintKey(
        { project: ROOT_PROJECT, name: 'first', mode: options.mode, scopes: [...SCOPES], expires_at: null },
        'command',
        now,
      );
      const owner = {
        email: options.email,
        passwordHash: await argon2.hash(password, PASSWORD_DIGEST),
      };
      const done = await initialize({
        records,
        sealer: createSealer(SEAL_KEY),
        sealKey: SEAL_KEY.current.id,
        blindIndex: createBlindIndex(INDEX_KEY),
        owner,
        key: first.document,
        now,
      });
      if (done === 'has_owner') throw new CommandRefused('There is an owner already; nothing was changed.');
      print(`owner     ${options.email}`);
      if (given === undefined) print(`password  ${password}`);
      print(`API key   ${first.key}`);
      print('Neither can be shown again. The key works within seconds of the console running.');
    } finally {
      await records.close();
    }
  },
};

function readOptions(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { email: { type: 'string' }, mode: { type: 'string' }, 'password-stdin': { type: 'boolean' } },
    });
    const parsed = optionsSchema.safeParse(values);
    if (parsed.success) return parsed.data;
    throw new CommandRefused(`${parsed.error.issues[0]?.message}\nUsage: npx watchword ${init.usage}`);
  } catch (error) {
    if (error instanceof CommandRefused || !(error instanceof TypeError)) throw error;
    throw new CommandRefused(`${error.message}\nUsage: npx watchword ${init.usage}`);
  }
}

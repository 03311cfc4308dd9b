import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { mintApiKey } from './api-key.ts';
import { StartupError } from './errors.ts';
import { newKeyText } from './key-ring.ts';
import { readIfPresent, writePrivateFile } from './redis-server/private-file.ts';

/** Environment variable of each secret → its name in `keys.json`, which holds it as the variable would. */
export const SECRET_VARIABLES = {
  PEPPER: 'pepper',
  SEAL_KEY: 'seal',
  ID_KEY: 'id',
  HOP_KEY: 'hop',
  INDEX_KEY: 'index',
  TOKEN_KEY: 'token',
  API_KEY: 'apiKey',
} as const;

/** The secrets that are rings, so that they can be rotated. */
export const RINGS = ['pepper', 'seal', 'index', 'token'] as const;
export type RingName = (typeof RINGS)[number];

const ringChange = z.object({
  at: z.iso.datetime(),
  ring: z.enum(RINGS),
  change: z.enum(['added', 'promoted', 'retired']),
  id: z.int(),
  /** The key that was current before the promoted one. */
  from: z.int().optional(),
});

/** Loose: what a later version keeps here survives being written by this one. */
const keysFileSchema = z.looseObject({
  pepper: z.string(),
  seal: z.string(),
  id: z.string(),
  hop: z.string(),
  index: z.string(),
  token: z.string(),
  apiKey: z.string(),
  /** Each change of a ring, in order. */
  changes: z.array(ringChange).default([]),
});
export type KeysFile = z.infer<typeof keysFileSchema>;

const LOCK_WAIT_MS = 10_000;
const pathOf = (directory: string) => join(directory, 'keys.json');

/** The keys of a data directory; made when there are none, and completed when an earlier version made them. Throws StartupErrors. */
export function readKeysFile(directory: string): KeysFile {
  const stored = readStored(directory);
  return stored !== undefined && isComplete(stored)
    ? parse(directory, stored)
    : changeKeysFile(directory, (keys) => keys);
}

/**
 * Changes the keys in one step: one process at a time, and a reader sees the old file or the new one, whole. The lock is
 * SQLite's on a file beside it, hence the kernel's: it ends with its process. What `change` throws leaves all as it was.
 */
export function changeKeysFile(directory: string, change: (keys: KeysFile) => KeysFile): KeysFile {
  const lock = lockKeys(directory);
  try {
    const stored = readStored(directory);
    const keys = parse(directory, stored === undefined ? makeKeys() : { token: newKeyText(), ...stored });
    const changed = change(keys);
    if (stored === undefined || changed !== keys || !isComplete(stored)) {
      writePrivateFile(pathOf(directory), JSON.stringify(changed, null, 2));
    }
    return changed;
  } finally {
    lock.close();
  }
}

function lockKeys(directory: string): DatabaseSync {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const lock = new DatabaseSync(join(directory, 'keys.lock'), { timeout: LOCK_WAIT_MS });
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    throw new StartupError(`${pathOf(directory)} cannot be written: ${reason}.`, { cause: error });
  }
}

/** `token` came later than the rest; whatever else is missing was lost, and a new one would open nothing. */
const isComplete = (stored: object) => 'token' in stored;

function parse(directory: string, stored: object): KeysFile {
  const parsed = keysFileSchema.safeParse(stored);
  if (!parsed.success) throw damaged(directory);
  return parsed.data;
}

function readStored(directory: string): object | undefined {
  const text = readIfPresent(pathOf(directory));
  if (text === undefined) return undefined;
  try {
    return z.looseObject({}).parse(JSON.parse(text));
  } catch {
    throw damaged(directory);
  }
}

const damaged = (directory: string) =>
  new StartupError(`${pathOf(directory)} is damaged: restore it, or remove the data directory to start anew.`);

/** New keys of every kind. */
export function makeKeys(): KeysFile {
  return {
    pepper: newKeyText(),
    seal: newKeyText(),
    id: newKeyText(),
    hop: newKeyText(),
    index: newKeyText(),
    token: newKeyText(),
    apiKey: mintApiKey('test'),
    changes: [],
  };
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { RedisConnection } from './connection.ts';

const INCLUDE = /^-- include "([^"]+)"$/gm;

/** Reads a Lua file beside the caller's module; a line `-- include "x.lua"` is replaced by that file's text. */
export function loadLua(moduleUrl: string, path: string): string {
  const url = new URL(path, moduleUrl);
  return readFileSync(url, 'utf8').replace(INCLUDE, (_, included: string) =>
    readFileSync(new URL(included, url), 'utf8'),
  );
}

export type ScriptArgument = string | number | Buffer;

export interface ScriptSpec<K extends string, R extends z.ZodType> {
  readonly lua: string;
  /** Names of KEYS, in order. All of one call share a hash tag. */
  readonly keys: readonly K[];
  /** What the script returns; strings arrive as Buffers when `binary` is set. */
  readonly reply: R;
  readonly binary?: boolean;
}

export type Script<K extends string, R extends z.ZodType> = (
  redis: RedisConnection,
  keys: Readonly<Record<K, string>>,
  args: readonly ScriptArgument[],
) => Promise<z.infer<R>>;

/** ioredis has the Buffer variants at run time; its types leave them out. */
type EvalCommands = Record<
  'evalsha' | 'eval' | 'evalshaBuffer' | 'evalBuffer',
  (script: string, keyCount: number, ...values: ScriptArgument[]) => Promise<unknown>
>;

/** Wraps one Lua file: EVALSHA, EVAL when Redis does not know it (it was restarted), and a parsed reply. */
export function defineScript<K extends string, R extends z.ZodType>(spec: ScriptSpec<K, R>): Script<K, R> {
  const sha = createHash('sha1').update(spec.lua).digest('hex');
  return async function runScript(redis, keys, args) {
    const keyList = spec.keys.map((name) => keys[name]);
    const values = [...keyList, ...args];
    const commands = redis as unknown as EvalCommands;
    const [evalsha, evaluate] = spec.binary
      ? (['evalshaBuffer', 'evalBuffer'] as const)
      : (['evalsha', 'eval'] as const);
    let raw: unknown;
    try {
      raw = await commands[evalsha](sha, keyList.length, ...values);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      raw = await commands[evaluate](spec.lua, keyList.length, ...values);
    }
    return spec.reply.parse(raw);
  };
}

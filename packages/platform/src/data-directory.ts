import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { mintApiKey } from './api-key.ts';
import type { Environment } from './environment.ts';
import { StartupError } from './errors.ts';

/** Environment variable of each secret → its name in `keys.json`. */
export const SECRET_VARIABLES = {
  PEPPER: 'pepper',
  SEAL_KEY: 'seal',
  ID_KEY: 'id',
  HOP_KEY: 'hop',
  INDEX_KEY: 'index',
  TOKEN_KEY: 'token',
  API_KEY: 'apiKey',
} as const;

const keysFileSchema = z.object({
  pepper: z.string(),
  seal: z.string(),
  id: z.string(),
  hop: z.string(),
  index: z.string(),
  token: z.string(),
  apiKey: z.string(),
});
type KeysFile = z.infer<typeof keysFileSchema>;

/** What standalone tells about itself in `standalone.json`. */
export const standaloneFileSchema = z.object({
  gateway: z.string().nullable(),
  otp: z.string().nullable(),
  console: z.string().nullable(),
  sandbox: z.string().nullable(),
  metrics: z.record(z.string(), z.string()),
  apiKey: z.string(),
  redis: z.string(),
  pid: z.number(),
});
export type StandaloneFile = z.infer<typeof standaloneFileSchema>;

/**
 * Completes the environment of a service started alone: secrets from the data directory (made once), and the addresses
 * of a standalone that runs there. What the environment says always wins; `wanted` names the variables the caller reads.
 */
export function withDataDirectory(environment: Environment, wanted: readonly string[]): Environment {
  const completed = withSecrets(environment, wanted);
  const standalone = readStandaloneFile(dataDirectoryOf(environment));
  if (standalone === undefined || !isAlive(standalone.pid)) return completed;
  const addresses = { REDIS_URL: standalone.redis, OTP_URL: standalone.otp, SANDBOX_URL: standalone.sandbox };
  const missing = Object.entries(addresses).flatMap(([name, url]) =>
    wanted.includes(name) && !environment[name] && url !== null ? [[name, url] as const] : [],
  );
  return { ...completed, ...Object.fromEntries(missing) };
}

/** Fills in the wanted secrets that the environment lacks from `keys.json`, which is made when it is not there. */
export function withSecrets(environment: Environment, wanted: readonly string[]): Environment {
  const missing = Object.entries(SECRET_VARIABLES).filter(([name]) => wanted.includes(name) && !environment[name]);
  if (missing.length === 0) return environment;
  const keys = readOrMakeKeys(dataDirectoryOf(environment));
  return { ...environment, ...Object.fromEntries(missing.map(([name, key]) => [name, keys[key]])) };
}

export const dataDirectoryOf = (environment: Environment) => environment.DATA_DIR || '.data';

/** A file left by a process that was killed tells nothing about now. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

export function readStandaloneFile(directory: string): StandaloneFile | undefined {
  const text = readIfPresent(join(directory, 'standalone.json'));
  if (text === undefined) return undefined;
  try {
    return standaloneFileSchema.parse(JSON.parse(text));
  } catch {
    throw new StartupError(`${join(directory, 'standalone.json')} is damaged: remove it, and start standalone again.`);
  }
}

function readOrMakeKeys(directory: string): KeysFile {
  const path = join(directory, 'keys.json');
  const text = readIfPresent(path) ?? makeKeys(directory, path);
  try {
    return keysFileSchema.parse(JSON.parse(text));
  } catch {
    throw new StartupError(`${path} is damaged: restore it, or remove the data directory to start anew.`);
  }
}

/** Written whole, then linked: of two processes that start at once, one makes the file and both read it. */
function makeKeys(directory: string, path: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const key = () => randomBytes(32).toString('base64url');
  const keys: KeysFile = {
    pepper: key(),
    seal: key(),
    id: key(),
    hop: key(),
    index: key(),
    token: key(),
    apiKey: mintApiKey('test'),
  };
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(path, 'utf8');
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

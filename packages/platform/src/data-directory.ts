import { join } from 'node:path';
import { z } from 'zod';
import type { Environment } from './environment.ts';
import { StartupError } from './errors.ts';
import { readKeysFile, SECRET_VARIABLES } from './keys-file.ts';
import { readIfPresent } from './redis-server/private-file.ts';

/** What standalone tells about itself in `standalone.json`. */
export const standaloneFileSchema = z.object({
  gateway: z.string().nullable(),
  otp: z.string().nullable(),
  console: z.string().nullable(),
  sandbox: z.string().nullable(),
  /** `smtp://host:port` of the sandbox's mail relay. */
  sandboxSmtp: z.string().nullable(),
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
  const addresses = {
    REDIS_URL: standalone.redis,
    OTP_URL: standalone.otp,
    CONSOLE_URL: standalone.console,
    SANDBOX_URL: standalone.sandbox,
    SANDBOX_SMTP_URL: standalone.sandboxSmtp,
    RECEIPTS_URL: standalone.gateway,
    RECORDS_FILE: environment.MONGODB_URL ? null : join(dataDirectoryOf(environment), 'records.db'),
  };
  const missing = Object.entries(addresses).flatMap(([name, url]) =>
    wanted.includes(name) && !environment[name] && url !== null ? [[name, url] as const] : [],
  );
  return { ...completed, ...Object.fromEntries(missing) };
}

/** Fills in the wanted secrets that the environment lacks from `keys.json`, which is made when it is not there. */
export function withSecrets(environment: Environment, wanted: readonly string[]): Environment {
  const missing = Object.entries(SECRET_VARIABLES).filter(([name]) => wanted.includes(name) && !environment[name]);
  if (missing.length === 0) return environment;
  const keys = readKeysFile(dataDirectoryOf(environment));
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

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { localMachine } from './machine.ts';
import { writePrivateFile } from './private-file.ts';
import { processIdentity } from './process-identity.ts';
import { askRedisInfo } from './redis-info.ts';

const stateSchema = z.object({
  /** Null from just before the start until just after it. */
  pid: z.number().int().positive().nullable(),
  identity: z.string().nullable(),
  container: z.string().nullable(),
  port: z.number().int().positive(),
  password: z.string().min(1),
});

/** What `redis.json` in its directory remembers of a private server, for whoever comes next. */
export type RedisState = z.infer<typeof stateSchema>;

/** Where a server that still runs can be ended: a process of this machine or a container. */
export type LiveServer = { readonly pid: number } | { readonly container: string };

const END_MS = 5_000;
const POLL_MS = 20;

export function writeRedisState(directory: string, state: RedisState): void {
  writePrivateFile(join(directory, 'redis.json'), JSON.stringify(state));
}

export function readRedisState(directory: string): RedisState | undefined {
  try {
    return stateSchema.parse(JSON.parse(readFileSync(join(directory, 'redis.json'), 'utf8')));
  } catch {
    // None yet, or damaged: without port and password no server can be recognised, and a new one gets new ones.
    return undefined;
  }
}

/**
 * Finds the server that a state file speaks of, if it still runs: it knows the password, or, when it does not answer
 * (stopped, hung), it is the very process that was started then. A process that merely has its old id is never named.
 */
export async function findLiveServer(state: RedisState): Promise<LiveServer | undefined> {
  const info = await askRedisInfo(state.port, state.password);
  if (state.container !== null) {
    const running = await localMachine.run('docker', ['inspect', '--format', '{{.State.Running}}', state.container]);
    return running.ok ? { container: state.container } : undefined;
  }
  if (info) return { pid: info.processId };
  const isSameProcess = state.pid !== null && state.identity !== null && processIdentity(state.pid) === state.identity;
  return isSameProcess && state.pid !== null ? { pid: state.pid } : undefined;
}

/** Ends it in order, so that it syncs its files; by force when it does not end in time. */
export async function endLiveServer(live: LiveServer): Promise<void> {
  if ('container' in live) {
    await localMachine.run('docker', ['stop', '--time', '5', live.container], { timeoutMs: 2 * END_MS });
    await localMachine.run('docker', ['rm', '--force', live.container]);
    return;
  }
  const identity = processIdentity(live.pid);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (identity === undefined || processIdentity(live.pid) !== identity) return;
    process.kill(live.pid, signal);
    // One that was stopped (SIGSTOP) must run to see that it shall end.
    process.kill(live.pid, 'SIGCONT');
    const since = performance.now();
    while (processIdentity(live.pid) === identity && performance.now() - since < END_MS) await delay(POLL_MS);
  }
  if (processIdentity(live.pid) === identity) throw new Error(`Process ${live.pid} does not end`);
}

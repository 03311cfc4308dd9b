import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../child.ts';
import { eventually } from '../eventually.ts';
import type { Platform } from '../platform.ts';

/** How many recorders live between two kills, in turn: with two, shards move to one that lives already. */
const RECORDERS = [1, 2, 2, 1] as const;
const LOCK_WITHIN_MS = 10_000;

export interface RecorderKills {
  readonly count: number;
  /** Ends the killing; one recorder lives on. */
  stop(): Promise<void>;
}

/** Kills the oldest recorder with SIGKILL each `everyMs`, and starts as many as are missing at once. */
export function killRecorders(platform: Platform, everyMs: number): RecorderKills {
  const living: Child[] = [];
  const ending = new AbortController();
  let count = 0;

  async function startMissing(wanted: number): Promise<void> {
    const missing = Array.from({ length: Math.max(0, wanted - living.length) });
    living.push(...(await Promise.all(missing.map(() => platform.startService('recorder')))));
  }

  async function run(): Promise<void> {
    for (let round = 0; !ending.signal.aborted; round += 1) {
      const nextKill = delay(everyMs, undefined, { signal: ending.signal }).catch(() => undefined);
      await startMissing(RECORDERS[round % RECORDERS.length] as number);
      await nextKill;
      if (ending.signal.aborted) break;
      const victim = living.shift();
      victim?.kill('SIGKILL');
      await victim?.ended;
      count += 1;
    }
    await startMissing(1);
  }

  const running = run();
  // Told by stop(); until then nobody waits for it.
  running.catch(() => undefined);
  return {
    get count() {
      return count;
    },
    async stop() {
      ending.abort();
      await running;
    },
  };
}

/** Locks an SQLite file against every write for a time, as a program that hangs in a transaction would. */
export async function lockDatabase(file: string, forMs: number): Promise<void> {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    await eventually('the lock of the database', LOCK_WITHIN_MS, async () => tryLock(database));
    await delay(forMs);
    database.exec('ROLLBACK');
  } finally {
    database.close();
  }
}

function tryLock(database: DatabaseSync): true | undefined {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch {
    // A recorder is writing; nothing else can be wrong with this statement.
    return undefined;
  }
}

type Provider = 'twilio' | 'vonage';

/** What the providers do, in turn: so deliveries fail over, come in copies, fail, and end unknown. */
const FAULTS: readonly (readonly [Provider, string][])[] = [
  [],
  [['twilio', 'down']],
  [],
  [['twilio', 'throttle']],
  [['twilio', 'hang']],
  [['twilio', 'lost_answer']],
  [],
  [['twilio', 'reject']],
  [
    ['twilio', 'hang'],
    ['vonage', 'hang'],
  ],
  [],
  [
    ['twilio', 'down'],
    ['vonage', 'down'],
  ],
];

/** Switches the providers' faults through all of them once, evenly within `forMs`, and ends with none. */
export async function switchFaults(platform: Platform, forMs: number): Promise<void> {
  for (const faults of FAULTS) {
    await platform.clearFaults();
    for (const [provider, mode] of faults) await platform.setFault(provider, { mode });
    await delay(forMs / FAULTS.length);
  }
  await platform.clearFaults();
}

import { eventually } from '../eventually.ts';
import { freshNumber } from '../fresh-addresses.ts';
import { openPatiently } from '../open-patiently.ts';
import type { Answer, InboxMessage, Platform } from '../platform.ts';

const IN_FLIGHT = 50;
const ARRIVAL_MS = 15_000;
const HELD_WORKER = 'services/worker/test/held-worker.fixture.ts';

export interface WorkerCrashReport {
  readonly messages: number;
  readonly copiesMax: number;
  /** After the last kill. */
  readonly lastArrivalMs: number;
}

/**
 * Where a worker is with all of its deliveries when it is killed: it has claimed them and called nobody · its calls are under way
 * and reach nobody, or are taken after all · the provider has accepted, and nothing is settled · all is settled, and no job
 * acknowledged.
 */
export const CRASH_MOMENTS = ['before_call', 'call_lost', 'call_taken', 'accepted', 'settled'] as const;
export type CrashMoment = (typeof CRASH_MOMENTS)[number];

/** Without receipts: one would prove that a message was taken, and it would not be sent again. */
const TAKEN = { mode: 'ok', receipt: { mode: 'no_receipt' } } as const;
const FAULTS = {
  before_call: TAKEN,
  call_lost: { mode: 'hang' },
  call_taken: { ...TAKEN, delay_ms: 4_000 },
  accepted: TAKEN,
  settled: TAKEN,
} as const;

/**
 * Kills `kills` workers in turn, each at the same moment of the same 50 deliveries, and reports how all 50 messages arrived
 * through the next one. The platform runs without a worker of its own. Throws when a message does not arrive in time, when its
 * copies differ, and when a job stays active.
 */
export async function killWorkerInFlight(
  platform: Platform,
  moment: CrashMoment,
  { kills = 1 }: { readonly kills?: number } = {},
): Promise<WorkerCrashReport> {
  const numbers = Array.from({ length: IN_FLIGHT }, freshNumber);
  let opened: readonly Answer[] = [];
  for (let kill = 1; kill <= kills; kill += 1) {
    const doomed = await startDoomed(platform, moment);
    if (kill === 1) opened = await openAll(platform, numbers);
    await doomed.hasAll(opened);
    doomed.child.kill('SIGKILL');
    await doomed.child.ended;
  }
  const killedAt = Date.now();
  await platform.clearFaults();
  const heir = await platform.startService('worker');
  const settled = await eventually(`all ${IN_FLIGHT} deliveries accepted`, ARRIVAL_MS, async () => {
    const views = await readAll(platform, opened);
    return views.every((view) => ['accepted', 'delivered'].includes(statusOf(view))) ? views : undefined;
  });
  await eventually('no active job', ARRIVAL_MS, async () => ((await countActive(platform)) === 0 ? true : undefined));
  const messages = await Promise.all(numbers.map((number) => platform.inbox(number)));
  await heir.stop();
  return report(messages, killedAt, settled.length);
}

const readAll = (platform: Platform, opened: readonly Answer[]) =>
  Promise.all(opened.map(({ body }) => platform.call('GET', `/v1/verifications/${body.id}`)));

/** Of the only delivery; a busy machine may answer 503. */
const statusOf = ({ status, body }: Answer) => (status === 200 ? (body.deliveries[0]?.status ?? '') : '');

async function openAll(platform: Platform, numbers: readonly string[]): Promise<readonly Answer[]> {
  const answers = await Promise.all(numbers.map((number) => openPatiently(platform, number)));
  const opened = answers.map(({ answer }) => answer);
  const refused = opened.filter(({ status }) => status !== 202);
  if (refused.length > 0) throw new Error(`${refused.length} sends were refused: ${refused[0]?.status}`);
  return opened;
}

/** A worker that comes as far as the moment with whatever it gets, and no further. */
async function startDoomed(platform: Platform, moment: CrashMoment) {
  const concurrency = { WORKER_CONCURRENCY: String(IN_FLIGHT) };
  await platform.setFault('twilio', FAULTS[moment]);
  if (moment === 'call_lost' || moment === 'call_taken') {
    const child = await platform.startService('worker', concurrency);
    const hasAll = (opened: readonly Answer[]) =>
      eventually(`${IN_FLIGHT} deliveries being sent`, ARRIVAL_MS, async () => {
        const views = await readAll(platform, opened);
        return views.every((view) => statusOf(view) === 'sending') ? true : undefined;
      });
    return { child, hasAll };
  }
  const child = await platform.startService(HELD_WORKER, { ...concurrency, HOLD_AT: moment });
  const hasAll = () =>
    eventually(`${IN_FLIGHT} deliveries held`, ARRIVAL_MS, async () => {
      const held = new Set([...child.output().matchAll(/^held (\S+)$/gm)].map(([, id]) => id));
      return held.size === IN_FLIGHT ? true : undefined;
    });
  return { child, hasAll };
}

async function countActive(platform: Platform): Promise<number> {
  const metrics = await (await fetch(platform.file.metrics.otp ?? '')).text();
  const active = [...metrics.matchAll(/^watchword_queue_jobs\{([^}]*)\} (\d+)$/gm)].filter(([, labels]) =>
    labels?.includes('state="active"'),
  );
  if (active.length === 0) throw new Error('No metric tells of active jobs');
  return active.reduce((sum, [, , count]) => sum + Number(count), 0);
}

function report(perNumber: readonly InboxMessage[][], killedAt: number, messages: number): WorkerCrashReport {
  for (const copies of perNumber) {
    if (copies.length === 0) throw new Error('A message never arrived');
    if (new Set(copies.map(({ code }) => code)).size !== 1) throw new Error('Copies of a message had different codes');
  }
  const arrivals = perNumber.map((copies) => Math.min(...copies.map(({ at }) => Date.parse(at))));
  return {
    messages,
    copiesMax: Math.max(...perNumber.map((copies) => copies.length)),
    lastArrivalMs: Math.max(0, Math.max(...arrivals) - killedAt),
  };
}

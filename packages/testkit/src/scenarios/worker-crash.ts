import { eventually } from '../eventually.ts';
import { type Answer, freshNumber, type InboxMessage, type Platform } from '../platform.ts';

const IN_FLIGHT = 50;
const ARRIVAL_MS = 15_000;

export interface WorkerCrashReport {
  readonly messages: number;
  readonly copiesMax: number;
  readonly lastArrivalMs: number;
}

/** What the provider does with the calls whose caller dies: it sends the messages after all, or never took them. */
export type Fate = 'taken' | 'lost';
const FAULTS = { taken: { mode: 'ok', delay_ms: 2_000 }, lost: { mode: 'hang' } } as const;

/**
 * Kills a worker while the provider holds 50 of its calls, and reports how all 50 messages arrived through the next one.
 * The platform runs without a worker of its own. Throws when a message does not arrive in time.
 */
export async function killWorkerInFlight(platform: Platform, fate: Fate): Promise<WorkerCrashReport> {
  await platform.setFault('twilio', FAULTS[fate]);
  const doomed = await platform.startService('worker', { WORKER_CONCURRENCY: String(IN_FLIGHT) });
  const numbers = Array.from({ length: IN_FLIGHT }, freshNumber);
  const opened = await Promise.all(numbers.map((number) => platform.open(number)));
  const refused = opened.filter(({ status }) => status !== 202);
  if (refused.length > 0) throw new Error(`${refused.length} sends were refused: ${refused[0]?.status}`);
  await eventually(`${IN_FLIGHT} deliveries being sent`, 10_000, async () => {
    const views = await Promise.all(opened.map(({ body }) => platform.call('GET', `/v1/verifications/${body.id}`)));
    const sending = views.filter(({ body }) => body.deliveries[0]?.status === 'sending').length;
    return sending === IN_FLIGHT ? true : undefined;
  });

  doomed.kill('SIGKILL');
  const killedAt = Date.now();
  await doomed.ended;
  await platform.clearFaults();
  const heir = await platform.startService('worker');
  const settled = await eventually(`all ${IN_FLIGHT} deliveries accepted`, ARRIVAL_MS, async () => {
    const views = await Promise.all(opened.map(({ body }) => platform.call('GET', `/v1/verifications/${body.id}`)));
    const taken = ({ body }: Answer) => ['accepted', 'delivered'].includes(body.deliveries[0]?.status ?? '');
    return views.every(taken) ? views : undefined;
  });
  const messages = await Promise.all(numbers.map((number) => platform.inbox(number)));
  await heir.stop();
  return report(messages, killedAt, settled.length);
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

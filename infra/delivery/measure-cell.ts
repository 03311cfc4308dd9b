import { setTimeout as delay } from 'node:timers/promises';
import type { RedisConnection } from '@watchword/platform';
import type { FaultMode } from '@watchword/sandbox';
import { eventually, type InboxMessage, openPatiently, type Platform, percentile } from '@watchword/testkit';
import { hasEnded } from '../soak/stated.ts';
import { callOf, type Lane, STEP_SECONDS } from './lanes.ts';

/** What became of a lane's codes under one fault of its primary. */
export interface Cell {
  readonly lane: Lane;
  readonly fault: FaultMode;
  /** Each delivery's last status, in order of steps, of the codes that were sent before the fault was known. */
  readonly statuses: string;
  /** Provider calls per code, before and after the circuit knew. */
  readonly attempts: readonly [before: number, after: number];
  /** Copies of each code that arrived, the most and the least. */
  readonly copies: readonly [least: number, most: number];
  /** Who brought the codes that were sent once the circuit knew. */
  readonly through: readonly string[];
  /** From the call until the code was there, of those before and those after. NaN where none came. */
  readonly p95BeforeMs: number;
  readonly p95AfterMs: number;
}

/** More than the failures in a row that open a circuit. */
const BEFORE = 8;
const AFTER = 20;
const APART_MS = 40;
/** A step of a workflow, and what a busy machine needs. */
const ARRIVES_WITHIN_MS = STEP_SECONDS * 1_000 + 15_000;
const TAKEN = new Set(['accepted', 'delivered', 'read']);

interface Sent {
  readonly id: string;
  /** Undefined when the call had to be repeated: how long the code took is not known. */
  readonly at: number | undefined;
  readonly addresses: readonly string[];
}

/** Sends some codes into a fault, then some more once it is known, and tells what became of them. */
export async function measureCell(
  platform: Platform,
  redis: RedisConnection,
  lane: Lane,
  fault: FaultMode,
): Promise<Cell> {
  await platform.clearFaults();
  await forgetCircuits(redis);
  if (fault !== 'ok') await platform.setFault(lane.primary, { mode: fault, channel: lane.channel });
  const before = await sendSome(platform, lane, BEFORE);
  const met = await outcomesOf(platform, before);
  const after = await sendSome(platform, lane, AFTER);
  const known = await outcomesOf(platform, after);
  const messages = [...met, ...known].map(({ copies }) => copies.length);
  const statuses = new Set(met.map(({ statuses: each }) => each));
  return {
    lane,
    fault,
    statuses: [...statuses].toSorted().join(' | '),
    attempts: [mean(met.map(({ attempts }) => attempts)), mean(known.map(({ attempts }) => attempts))],
    copies: [Math.min(...messages), Math.max(...messages)],
    through: [...new Set(known.flatMap(({ copies }) => copies[0]?.provider ?? []))].toSorted(),
    p95BeforeMs: p95(met),
    p95AfterMs: p95(known),
  };
}

function sendSome(platform: Platform, lane: Lane, count: number): Promise<Sent[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => delay(index * APART_MS).then(() => sendOne(platform, lane))),
  );
}

async function sendOne(platform: Platform, lane: Lane): Promise<Sent> {
  const { to, extra, addresses } = callOf(lane);
  const at = Date.now();
  const { answer, repeats } = await openPatiently(platform, to, extra);
  const { status, body } = answer;
  if (status !== 202) throw new Error(`POST /v1/verifications was answered ${status}: ${JSON.stringify(body)}`);
  return { id: body.id, at: repeats === 0 ? at : undefined, addresses };
}

interface Met {
  readonly statuses: string;
  readonly attempts: number;
  /** The first to arrive first. */
  readonly copies: readonly InboxMessage[];
  readonly ms: number | undefined;
}

function outcomesOf(platform: Platform, sent: readonly Sent[]): Promise<Met[]> {
  return Promise.all(sent.map((one) => outcomeOf(platform, one)));
}

/** Once a provider has taken it, or none is asked any more. */
async function outcomeOf(platform: Platform, { id, at, addresses }: Sent): Promise<Met> {
  const { deliveries, events } = await eventually(`an end of ${id}`, ARRIVES_WITHIN_MS, async () => {
    const { status: answered, body: state } = await platform.call('GET', `/v1/verifications/${id}`);
    // A busy machine answers 503; it is asked again.
    if (answered !== 200) return undefined;
    // A step that ran out of time goes on trying while the next one sends.
    const isTaken = state.deliveries.some(({ status }) => TAKEN.has(status));
    if (!isTaken && !state.deliveries.every(({ status }) => hasEnded(status))) return undefined;
    const timeline = await platform.timeline(id);
    return timeline.status === 200 ? { ...state, events: timeline.body.events } : undefined;
  });
  const inboxes = await Promise.all(addresses.map((address) => platform.inbox(address)));
  const copies = inboxes.flat().toSorted((left, right) => (left.at < right.at ? -1 : 1));
  return {
    statuses: deliveries.map(({ status }) => status).join(' → '),
    attempts: events.filter(({ type }) => type === 'attempt.settled').length,
    copies,
    ms: copies[0] === undefined || at === undefined ? undefined : Date.parse(copies[0].at) - at,
  };
}

async function forgetCircuits(redis: RedisConnection): Promise<void> {
  const keys = await redis.keys('ww:{h:*');
  for (const key of keys) await redis.del(key);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const p95 = (met: readonly Met[]) => {
  const all = met.flatMap(({ ms }) => ms ?? []);
  return all.length === 0 ? Number.NaN : percentile(all, 0.95);
};

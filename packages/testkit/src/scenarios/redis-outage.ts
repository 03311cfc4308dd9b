import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../eventually.ts';
import { freshNumber } from '../fresh-addresses.ts';
import type { Answer, Platform } from '../platform.ts';

export interface OutageSend {
  readonly to: string;
  readonly key: string;
  readonly startedAt: number;
  readonly answer: Answer;
}

export interface OutageReport {
  readonly sends: readonly OutageSend[];
  readonly from: number;
  readonly until: number;
  /** From the end of the outage until a message sent after it arrived. */
  readonly recoveryMs: number;
}

const SENDS_PER_SECOND = 50;
const QUIET_MS = 2_000;

/** Sends at a steady rate before, during and after `outage`, each with an Idempotency-Key, and waits for all that was promised. */
export async function sendThroughOutage(platform: Platform, outage: () => Promise<void>): Promise<OutageReport> {
  const pending: Promise<OutageSend>[] = [];
  const timer = setInterval(() => pending.push(send(platform)), 1_000 / SENDS_PER_SECOND);
  await delay(QUIET_MS);
  const from = Date.now();
  await outage();
  const until = Date.now();
  const recoveryMs = await eventually('a message sent after the outage', 10_000, async () => {
    const after = await send(platform);
    pending.push(Promise.resolve(after));
    if (after.answer.status !== 202) return undefined;
    await platform.waitForMessage(after.to);
    return Date.now() - until;
  });
  await delay(QUIET_MS);
  clearInterval(timer);
  const sends = await Promise.all(pending);
  await waitForAll(platform, sends);
  return { sends, from, until, recoveryMs };
}

async function send(platform: Platform): Promise<OutageSend> {
  const to = freshNumber();
  const key = crypto.randomUUID();
  const startedAt = Date.now();
  return { to, key, startedAt, answer: await platform.open(to, {}, { 'idempotency-key': key }) };
}

async function waitForAll(platform: Platform, sends: readonly OutageSend[]): Promise<void> {
  const promised = sends.filter(({ answer }) => answer.status === 202);
  await eventually(`all ${promised.length} messages that were promised`, 20_000, async () => {
    const arrived = new Set((await platform.inbox()).map(({ to }) => to));
    return promised.every(({ to }) => arrived.has(to)) ? true : undefined;
  });
}

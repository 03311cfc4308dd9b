import { setTimeout as delay } from 'node:timers/promises';
import { freshDeviceToken, freshEmail, freshNumber, openPatiently, type Platform, type To } from '@watchword/testkit';

interface Send {
  readonly to: To;
  readonly extra: object;
}

/** Every channel, alone, at once with another, and one after another. */
const SENDS: readonly (readonly [share: number, send: () => Send])[] = [
  [6, () => ({ to: freshNumber(), extra: {} })],
  [4, () => ({ to: freshNumber(), extra: { channel: 'whatsapp' } })],
  [4, () => ({ to: freshEmail(), extra: {} })],
  [2, () => ({ to: freshNumber(), extra: { channel: 'voice' } })],
  [2, () => ({ to: freshDeviceToken(), extra: {} })],
  [1, () => ({ to: { phone: freshNumber(), email: freshEmail() }, extra: { channels: ['sms', 'email'] } })],
  [
    1,
    () => ({
      to: { phone: freshNumber(), email: freshEmail() },
      extra: {
        workflow: [{ channel: 'email', timeout_s: 5 }, { channel: 'whatsapp', timeout_s: 10 }, { channel: 'sms' }],
      },
    }),
  ],
];
const LOTS = SENDS.flatMap(([share, send]) => Array.from({ length: share }, () => send));

export interface MixedSends {
  readonly seconds: number;
  readonly perSecond: number;
  readonly draw: () => number;
  /** Ends it sooner, with an AbortError. */
  readonly signal: AbortSignal;
}

export interface Accounted {
  /** Answered 202, each once. */
  readonly opened: Set<string>;
  /** Answered 503, and repeated under the same `Idempotency-Key`. */
  refused: number;
  readonly failures: string[];
}

/** Sends at a constant rate, whatever became of those before (an open loop), and resolves when each was answered. */
export async function sendMixed(
  platform: Platform,
  { seconds, perSecond, draw, signal }: MixedSends,
  told: Accounted,
): Promise<void> {
  const startedAt = performance.now();
  const calls: Promise<void>[] = [];
  for (let index = 0; index < seconds * perSecond; index += 1) {
    const waitMs = startedAt + (index * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await delay(waitMs, undefined, { signal });
    const send = LOTS[Math.floor(draw() * LOTS.length)] as () => Send;
    calls.push(sendOne(platform, send(), told));
  }
  await Promise.all(calls);
}

async function sendOne(platform: Platform, { to, extra }: Send, told: Accounted): Promise<void> {
  try {
    const { answer, repeats } = await openPatiently(platform, to, extra);
    told.refused += repeats;
    if (answer.status === 202) told.opened.add(answer.body.id);
    else told.failures.push(`${answer.status} ${answer.body.code}: ${answer.body.detail}`);
  } catch (error) {
    told.failures.push(`not answered: ${String(error)}`);
  }
}

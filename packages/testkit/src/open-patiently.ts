import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Platform, To } from './platform.ts';

const TRIES = 8;

export interface Opened {
  readonly answer: Answer;
  /** Answers of 503 before it: a busy machine, and the load is on the same one. */
  readonly repeats: number;
  /** When it was asked for, by `Date.now`. */
  readonly askedAt: number;
}

/** Opens a verification as a caller would: what is answered 503 is repeated under its `Idempotency-Key`, later and later. */
export async function openPatiently(platform: Platform, to: To, extra: object = {}): Promise<Opened> {
  const headers = { 'idempotency-key': randomUUID() };
  for (let repeats = 0; ; repeats += 1) {
    const askedAt = Date.now();
    const answer = await platform.open(to, extra, headers);
    if (answer.status !== 503 || repeats === TRIES) return { answer, repeats, askedAt };
    await delay(Number(answer.headers.get('retry-after') ?? 1) * 1_000 * (repeats + 1));
  }
}

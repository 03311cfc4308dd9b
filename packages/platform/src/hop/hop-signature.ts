import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { BatchedCall } from '@watchword/contracts';
import type { Secret } from '../secret.ts';

/** What the gateway vouches for. `deadline` is on Redis' clock, in ms: past it the otp service does nothing. */
export type HopContext = Readonly<Omit<BatchedCall, 'method' | 'path' | 'body'>>;

export type SignHop = (batch: string | Uint8Array) => string;

/** HMAC-SHA256 over a whole batch, so that nothing of a captured one can be changed, taken out or used late. */
export function createHopSigner(hopKey: Secret<Buffer>): SignHop {
  const key = createSecretKey(hopKey.reveal());
  return (batch) => createHmac('sha256', key).update(batch).digest('base64url');
}

export function isHopSignature(signature: string, expected: string): boolean {
  const given = Buffer.from(signature);
  const wanted = Buffer.from(expected);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

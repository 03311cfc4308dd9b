import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { Mode } from '@watchword/contracts';
import type { Secret } from './secret.ts';

/** What the gateway vouches for. `deadline` is on Redis' clock, in ms: past it the otp service does nothing. */
export interface HopContext {
  readonly requestId: string;
  readonly project: string;
  readonly mode: Mode;
  /** Operation id that an `Idempotency-Key` stands for; empty without one. */
  readonly operation: string;
  readonly deadline: number;
}

export type SignHop = (method: string, path: string, context: HopContext, body: string) => string;

/** HMAC-SHA256 over method, path, context and body, so that nothing of a captured call can be changed or used late. */
export function createHopSigner(hopKey: Secret<Buffer>): SignHop {
  const key = createSecretKey(hopKey.reveal());
  return (method, path, { requestId, project, mode, operation, deadline }, body) => {
    const head = [method, path, requestId, project, mode, operation, deadline].join('\n');
    return createHmac('sha256', key).update(`${head}\n${body}`).digest('base64url');
  };
}

export function isHopSignature(signature: string, expected: string): boolean {
  const given = Buffer.from(signature);
  const wanted = Buffer.from(expected);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

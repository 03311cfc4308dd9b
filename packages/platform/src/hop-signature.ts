import { createHmac, timingSafeEqual } from 'node:crypto';
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

/** HMAC-SHA256 over method, path, context and body, so that nothing of a captured call can be changed or used late. */
export function signHop(key: Secret<Buffer>, method: string, path: string, context: HopContext, body: string): string {
  const head = [method, path, context.requestId, context.project, context.mode, context.operation, context.deadline];
  return createHmac('sha256', key.reveal()).update(`${head.join('\n')}\n`).update(body).digest('base64url');
}

export function isHopSignature(signature: string, expected: string): boolean {
  const given = Buffer.from(signature);
  const wanted = Buffer.from(expected);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

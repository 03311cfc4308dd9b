import type { RejectionClass } from '@watchword/contracts';
import type { AttemptResult } from './provider.ts';

/** What an error code means in our words. */
export type Verdict = RejectionClass | 'transient' | 'unknown';

/** Turns lists of codes by verdict, as providers document them, into a table by code. */
export function tableOf(lists: Partial<Record<Verdict, readonly number[]>>): ReadonlyMap<string, Verdict> {
  return new Map(
    Object.entries(lists).flatMap(([verdict, codes]) =>
      codes.map((code) => [String(code), verdict as Verdict] as const),
    ),
  );
}

export function resultOf(verdict: Verdict, providerCode: string, retryAfterMs?: number): AttemptResult {
  if (verdict === 'unknown') return { outcome: 'unknown', providerCode };
  if (verdict !== 'transient') return { outcome: 'rejected', class: verdict, providerCode };
  return { outcome: 'transient', providerCode, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** Answers of a gateway that gave up waiting for the provider behind it: that one may have sent the message. */
const GAVE_UP_WAITING = new Set([504, 524]);
const TRY_LATER = new Set([408, 425, 429]);

/** An HTTP status that came without a code of the provider's own. Any other 3xx or 4xx is a fault of our set-up. */
export function verdictOfStatus(status: number): Verdict {
  if (GAVE_UP_WAITING.has(status)) return 'unknown';
  return status >= 500 || TRY_LATER.has(status) ? 'transient' : 'configuration';
}

/** `Retry-After` in ms: seconds or an HTTP date (RFC 9110 10.2.3). */
export function parseRetryAfterMs(header: string | undefined, now: number): number | undefined {
  if (!header) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

const CODE_PATTERN = /^[A-Z][A-Z0-9_]{2,40}$/;

/** The system's or undici's code of a failed call, found on the error or its cause; `timeout` when its signal fired. */
export function transportCodeOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'timeout';
  for (let at = error, depth = 0; at instanceof Error && depth < 3; at = at.cause, depth += 1) {
    if (at.name === 'AbortError' || at.name === 'TimeoutError') return 'timeout';
    if ('code' in at && typeof at.code === 'string' && CODE_PATTERN.test(at.code)) return at.code;
  }
  return 'no_code';
}

/** Failures before a connection stood: nothing was written, so the attempt may be repeated. */
const BEFORE_WRITING = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

export function isSafeToRepeat(transportCode: string): boolean {
  return BEFORE_WRITING.has(transportCode);
}

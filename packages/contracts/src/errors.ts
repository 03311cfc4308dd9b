/** What one error code means to a caller. `retryable` is true when repeating the same call may succeed. */
export interface ErrorSpec {
  readonly status: number;
  readonly title: string;
  readonly retryable?: boolean;
}

/** The one table of error codes: status and title of every problem+json (RFC 9457) that Watchword answers. */
export const ERRORS = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'A valid API key is required' },
  invalid_signature: { status: 403, title: 'The signature is not valid' },
  not_found: { status: 404, title: 'Not found' },
  request_timeout: { status: 408, title: 'The request took too long to arrive', retryable: true },
  not_pending: { status: 409, title: 'The verification has ended' },
  token_consumed: { status: 409, title: 'The approval token was consumed before' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be application/json' },
  invalid_destination: { status: 422, title: 'The destination cannot receive a code' },
  token_invalid: { status: 422, title: 'The approval token is not valid' },
  idempotency_mismatch: { status: 422, title: 'This Idempotency-Key was used with another request' },
  resend_too_soon: { status: 429, title: 'Too soon to send another code', retryable: true },
  max_sends: { status: 429, title: 'Too many codes were sent to this destination', retryable: true },
  rate_limited: { status: 429, title: 'Rate limit reached', retryable: true },
  checks_locked: { status: 429, title: 'Too many wrong codes for this destination', retryable: true },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Internal error' },
  unavailable: { status: 503, title: 'Temporarily unavailable', retryable: true },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;

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
  insufficient_scope: { status: 403, title: 'The API key may not do this' },
  country_not_allowed: { status: 403, title: 'Sending to this country is not allowed' },
  destination_blocked: { status: 403, title: 'This destination is blocked' },
  sending_paused: { status: 403, title: 'Sending is paused', retryable: true },
  project_suspended: { status: 403, title: 'The project is suspended' },
  invalid_signature: { status: 403, title: 'The signature is not valid' },
  not_found: { status: 404, title: 'Not found' },
  request_timeout: { status: 408, title: 'The request took too long to arrive', retryable: true },
  already_exists: { status: 409, title: 'There is one like it already' },
  limit_reached: { status: 409, title: 'There are as many as there may be' },
  not_active: { status: 409, title: 'It has ended and can no longer be changed' },
  not_pairable: { status: 409, title: 'It cannot be paired with a phone' },
  in_use: { status: 409, title: 'Something else depends on it' },
  not_pending: { status: 409, title: 'The verification has ended' },
  token_consumed: { status: 409, title: 'The approval token was consumed before' },
  precondition_failed: { status: 412, title: 'It has been changed since it was read' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be application/json' },
  invalid_destination: { status: 422, title: 'The destination cannot receive a code' },
  no_route: { status: 422, title: 'No provider carries this' },
  template_invalid: { status: 422, title: 'The template is not valid' },
  token_invalid: { status: 422, title: 'The approval token is not valid' },
  idempotency_mismatch: { status: 422, title: 'This Idempotency-Key was used with another request' },
  resend_too_soon: { status: 429, title: 'Too soon to send another code', retryable: true },
  max_sends: { status: 429, title: 'Too many codes were sent to this destination', retryable: true },
  rate_limited: { status: 429, title: 'Rate limit reached', retryable: true },
  checks_locked: { status: 429, title: 'Too many wrong codes for this destination', retryable: true },
  quota_exceeded: { status: 429, title: 'The plan’s monthly quota is used up', retryable: true },
  precondition_required: { status: 428, title: 'If-Match is required' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Internal error' },
  unavailable: { status: 503, title: 'Temporarily unavailable', retryable: true },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;

import type { ProviderCode } from '../../domain/provider.ts';
import type { RefusingMode, WireAnswer } from '../carrier.ts';

const FCM_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';

/**
 * FCM's own error codes, each with the HTTP status and Google's word for it.
 * Source: https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode, as of 2026-11-21.
 */
const CODES: Readonly<Record<string, readonly [status: number, word: string]>> = {
  INVALID_ARGUMENT: [400, 'INVALID_ARGUMENT'],
  THIRD_PARTY_AUTH_ERROR: [401, 'UNAUTHENTICATED'],
  SENDER_ID_MISMATCH: [403, 'PERMISSION_DENIED'],
  UNREGISTERED: [404, 'NOT_FOUND'],
  QUOTA_EXCEEDED: [429, 'RESOURCE_EXHAUSTED'],
  INTERNAL: [500, 'INTERNAL'],
  UNAVAILABLE: [503, 'UNAVAILABLE'],
};

/** With FCM's own code in its details. */
function fcmError(code: string, message: string): WireAnswer {
  const [status, word] = CODES[code] ?? [500, 'INTERNAL'];
  return googleError(status, word, message, { '@type': FCM_ERROR, errorCode: code });
}

/** Of Google's front, before FCM has seen the call. */
function googleError(code: number, status: string, message: string, detail: object): WireAnswer {
  return { status: code, body: { error: { code, message, status, details: [detail] } } };
}

export const unauthenticated = (): WireAnswer =>
  googleError(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.', {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: 'ACCESS_TOKEN_EXPIRED',
    domain: 'googleapis.com',
  });

/** A request that is wrong whatever device it is for: no word of FCM's own. */
export const badRequest = (field: string, description: string): WireAnswer =>
  googleError(400, 'INVALID_ARGUMENT', `Invalid value at '${field}'`, {
    '@type': 'type.googleapis.com/google.rpc.BadRequest',
    fieldViolations: [{ field, description }],
  });

export function refuse(mode: RefusingMode, code: ProviderCode | undefined): WireAnswer {
  switch (mode) {
    case 'down':
      return fcmError('UNAVAILABLE', 'The service is currently unavailable.');
    case 'throttle':
      return fcmError(String(code ?? 'QUOTA_EXCEEDED'), 'Quota exceeded for quota metric.');
    case 'auth':
      return code === undefined ? unauthenticated() : fcmError(String(code), 'Not permitted.');
    case 'reject':
      return fcmError(String(code ?? 'UNREGISTERED'), 'Requested entity was not found.');
  }
}

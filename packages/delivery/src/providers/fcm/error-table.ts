import type { Verdict } from '../verdict.ts';

/**
 * `errorCode` of FCM's own error detail in our words. Source: https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode,
 * as of 2026-11-21. UNREGISTERED is an app that was removed or a token that was replaced.
 */
export const FCM_ERROR_CODES: ReadonlyMap<string, Verdict> = new Map([
  ['UNREGISTERED', 'destination'],
  ['INVALID_ARGUMENT', 'destination'],
  ['SENDER_ID_MISMATCH', 'configuration'],
  ['THIRD_PARTY_AUTH_ERROR', 'configuration'],
  ['QUOTA_EXCEEDED', 'transient'],
  ['UNAVAILABLE', 'transient'],
  ['INTERNAL', 'transient'],
]);

/**
 * `status` of an answer without such a detail: it is Google's front that refused, not FCM, so nothing is said about the token
 * of the device. Source: https://cloud.google.com/apis/design/errors, as of 2026-11-21.
 */
export const GOOGLE_STATUSES: ReadonlyMap<string, Verdict> = new Map([
  ['INVALID_ARGUMENT', 'configuration'],
  ['FAILED_PRECONDITION', 'configuration'],
  ['UNAUTHENTICATED', 'configuration'],
  ['PERMISSION_DENIED', 'configuration'],
  ['NOT_FOUND', 'configuration'],
  ['RESOURCE_EXHAUSTED', 'transient'],
  ['ABORTED', 'transient'],
  ['INTERNAL', 'transient'],
  ['UNAVAILABLE', 'transient'],
  ['DEADLINE_EXCEEDED', 'unknown'],
]);

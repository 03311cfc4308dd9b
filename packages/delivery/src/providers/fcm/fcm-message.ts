import type { OutgoingMessage } from '../provider.ts';

const TTL_SECONDS_MAX = 2_419_200;
/** A newer code takes the place of an older one that was not seen yet. */
const COLLAPSE = 'otp';

/** The body of `messages:send`. An app that is open gets the code in `data` as well. */
export function fcmMessageOf(
  { to, text, subject, code, purpose, attemptId, validitySeconds }: OutgoingMessage,
  nowMs: number,
) {
  const ttlSeconds = Math.min(Math.max(1, Math.floor(validitySeconds)), TTL_SECONDS_MAX);
  return {
    message: {
      token: to,
      notification: { title: subject, body: text },
      data: { code, purpose, attempt_id: attemptId },
      android: { priority: 'HIGH', ttl: `${ttlSeconds}s`, collapse_key: COLLAPSE },
      apns: {
        headers: {
          'apns-priority': '10',
          'apns-push-type': 'alert',
          'apns-expiration': String(Math.floor(nowMs / 1000) + ttlSeconds),
          'apns-collapse-id': COLLAPSE,
        },
      },
    },
  };
}

import type { VerificationStatus } from '@watchword/contracts';
import { AppError } from '@watchword/platform';
import type { ChecksLocked, SendRefused } from '@watchword/verifications';

const RETRY_MAX_SECONDS = 3600;
/** No wait is longer than an hour; the lock after 100 wrong checks in a row has no end. */
const LOCKED_FOR_GOOD_MS = 365 * 24 * 3600 * 1000;
/** Rounded up, so that a caller who waits this long is let in; a lock for good says an hour. */
const toSeconds = (ms: number) => Math.min(RETRY_MAX_SECONDS, Math.max(1, Math.ceil(ms / 1000)));

export function sendRefused({ result, retryMs }: SendRefused): AppError {
  const retryAfterSeconds = toSeconds(retryMs);
  const detail = `Another code may be sent to this destination in ${retryAfterSeconds} s.`;
  return new AppError(result, { detail, retryAfterSeconds, limit: result === 'max_sends' ? 'sends_max' : 'pacing' });
}

export function checksLocked({ retryMs }: ChecksLocked): AppError {
  const retryAfterSeconds = toSeconds(retryMs);
  if (retryMs > LOCKED_FOR_GOOD_MS) {
    const detail = 'Checks for this destination and purpose are locked until an operator unlocks them.';
    return new AppError('checks_locked', { detail, retryAfterSeconds, limit: 'streak' });
  }
  const detail = `Checks for this destination and purpose are locked; try again in ${retryAfterSeconds} s.`;
  return new AppError('checks_locked', { detail, retryAfterSeconds, limit: 'streak' });
}

export function notPending(status: VerificationStatus): AppError {
  return new AppError('not_pending', { detail: `The verification is ${status}.` });
}

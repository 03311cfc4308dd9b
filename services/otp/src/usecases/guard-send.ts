import { AppError } from '@watchword/platform';
import type { Sent } from '@watchword/verifications';
import type { PhoneNumber } from '../domain/phone-number.ts';
import { refuseNumber } from '../domain/send-rules.ts';
import type { Call, ProjectRules, RedisRoom, VerificationStore } from '../ports.ts';

export interface GuardSendDeps {
  readonly verifications: Pick<VerificationStore, 'sentBefore'>;
  readonly room: RedisRoom;
  /** Counts how each send ended. */
  readonly onSend: (outcome: string) => void;
}

/** The number is undefined when its seal key comes with a restart. */
export type GuardSend = (rules: ProjectRules, number: PhoneNumber | undefined, call: Call) => Promise<Sent | null>;

/** As long as it takes to look a few times whether there is room again. */
const SHED_RETRY_SECONDS = 5;
/** Of a pause nobody knows the end; it is lifted by hand. */
const PAUSE_RETRY_SECONDS = 60;

/**
 * What is judged before a code is made, in order: the project's lists, its countries, its pause, then the room in Redis. Pacing
 * and the count of sends come after it, in Redis. So a send that is refused here counts nowhere, and checking, canceling and
 * reading are never refused by it. A repeat of a call that sent before gets its own answer, whatever was decided since.
 *
 * Returns that answer, or null when a code may be sent; throws the refusal.
 */
export function createGuardSend({ verifications, room, onSend }: GuardSendDeps): GuardSend {
  function refuse(rules: ProjectRules, number: PhoneNumber | undefined, call: Call): AppError | null {
    const refusal = refuseNumber(rules.sending, call.mode, number);
    if (refusal !== null) {
      const wait = refusal.code === 'sending_paused' ? { retryAfterSeconds: PAUSE_RETRY_SECONDS } : {};
      return new AppError(refusal.code, { detail: refusal.detail, ...wait, nothingDone: true });
    }
    if (!room.isShort()) return null;
    const detail = 'Redis is short of memory, so no code is sent until it has room. Checks go on.';
    return new AppError('unavailable', { detail, retryAfterSeconds: SHED_RETRY_SECONDS, nothingDone: true });
  }

  return async function guardSend(rules, number, call) {
    const refused = refuse(rules, number, call);
    if (refused === null) return null;
    const before = number === undefined ? null : await verifications.sentBefore(number.e164, call);
    if (before !== null) return before;
    onSend(refused.code);
    throw refused;
  };
}

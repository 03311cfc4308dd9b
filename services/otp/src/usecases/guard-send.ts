import { AppError } from '@watchword/platform';
import type { Sent } from '@watchword/verifications';
import { type PlannedSend, refuseSend } from '../domain/send-rules.ts';
import type { Call, ProjectRules, RedisRoom, VerificationStore } from '../ports.ts';

export interface GuardSendDeps {
  readonly verifications: Pick<VerificationStore, 'sentBefore'>;
  readonly room: RedisRoom;
  /** Counts how each send ended. */
  readonly onSend: (outcome: string) => void;
}

export interface GuardedSend extends Omit<PlannedSend, 'mode'> {
  /** What is wrong with the call by the policy that its purpose has now. */
  readonly mistake?: AppError | undefined;
}

export type GuardSend = (rules: ProjectRules, send: GuardedSend, call: Call) => Promise<Sent | null>;

/** As long as it takes to look a few times whether there is room again. */
const SHED_RETRY_SECONDS = 5;
/** Of a pause nobody knows the end; it is lifted by hand. */
const PAUSE_RETRY_SECONDS = 60;

/**
 * What is judged before a code is made, in order: the call itself, the project's lists, its countries, its pause, then the room
 * in Redis. Pacing and the count of sends come after it, in Redis. So a send that is refused here counts nowhere, and checking,
 * canceling and reading are never refused by it. A repeat of a call that sent before gets its own answer, whatever was decided
 * since.
 *
 * Returns that answer, or null when a code may be sent; throws the refusal.
 */
export function createGuardSend({ verifications, room, onSend }: GuardSendDeps): GuardSend {
  function refuse(rules: ProjectRules, send: PlannedSend): AppError | null {
    const refusal = refuseSend(rules.sending, send);
    if (refusal !== null) {
      const wait = refusal.code === 'sending_paused' ? { retryAfterSeconds: PAUSE_RETRY_SECONDS } : {};
      return new AppError(refusal.code, { detail: refusal.detail, ...wait, nothingDone: true });
    }
    if (!room.isShort()) return null;
    const detail = 'Redis is short of memory, so no code is sent until it has room. Checks go on.';
    return new AppError('unavailable', { detail, retryAfterSeconds: SHED_RETRY_SECONDS, nothingDone: true });
  }

  return async function guardSend(rules, { mistake, ...send }, call) {
    const refused = mistake ?? refuse(rules, { ...send, mode: call.mode });
    if (refused === null) return null;
    const addresses = send.destinations?.addresses;
    const before = addresses === undefined ? null : await verifications.sentBefore(addresses, call);
    if (before !== null) return before;
    onSend(refused.code);
    throw refused;
  };
}

import type { Clock, HopContext } from '@watchword/platform';
import type {
  Access,
  Admission,
  AdmissionOutcome,
  Caller,
  CallNeed,
  EndUser,
  Hop,
  HopCall,
  HopOutcome,
  LastUsed,
  LimitName,
  LimitState,
} from '../ports.ts';

/** A call whose key, shape and bounds are already checked. */
export interface RelayedCall {
  readonly caller: Caller;
  readonly need: CallNeed;
  readonly requestId: string;
  readonly method: HopCall['method'];
  /** With its query. */
  readonly path: string;
  /** As it arrived; empty without one. */
  readonly body: string;
  readonly idempotencyKey?: string | undefined;
  readonly ifMatch?: string | undefined;
  readonly accept?: HopContext['accept'] | undefined;
  readonly sends: 0 | 1;
  readonly endUser?: EndUser | undefined;
}

type Answered = Extract<HopOutcome, { outcome: 'answered' }>;

/**
 * `reason` is for the log, `isSent` whether the call may have been carried out; `limits` are those that the call falls under,
 * none when it is not known.
 */
export type RelayOutcome = { readonly limits: readonly LimitState[] } & (
  | { readonly outcome: 'answered'; readonly answer: Answered }
  | { readonly outcome: 'limited'; readonly limit: LimitName; readonly retryAfterSeconds: number }
  | { readonly outcome: 'mismatched' }
  | { readonly outcome: 'unavailable'; readonly reason: string; readonly isSent: boolean }
);

export interface RelayCallDeps {
  readonly access: Pick<Access, 'judgeAnew'>;
  readonly admission: Admission;
  readonly lastUsed: LastUsed;
  readonly hop: Hop;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  /** Above this many calls at once the next is turned away, so that overload is never a hang. */
  readonly callsInFlightMax: number;
}

/** Configuration that changes this often while one call is admitted is a fault. */
const JUDGED_MAX = 3;

/**
 * Admits a call in the project's slot, then makes the one hop. Whatever is away or slow, there is an outcome within
 * `requestTimeoutMs` and a little; what was given up is refused by its deadline wherever it arrives later. Rejects with an
 * AppError when the key is no longer valid, or not for this call.
 */
export function createRelayCall(deps: RelayCallDeps) {
  const { lastUsed, hop, clock, requestTimeoutMs, callsInFlightMax } = deps;
  let callsInFlight = 0;

  async function relay(call: RelayedCall): Promise<RelayOutcome> {
    const startedAtMs = performance.now();
    const timeLeft = () => Math.max(requestTimeoutMs - (performance.now() - startedAtMs), 0);
    const deadline = Math.round(clock.serverNow()) + requestTimeoutMs;
    const { admitted, caller } = await admitCurrent(deps, call, deadline, timeLeft);
    switch (admitted.outcome) {
      case 'stale':
        return unavailable('the configuration changed each time it was read');
      case 'late':
        return unavailable('the deadline had passed when Redis was reached');
      case 'unreachable':
        return unavailable(admitted.reason);
      case 'limited':
      case 'mismatched':
        lastUsed.note(caller);
        return admitted;
      case 'admitted': {
        lastUsed.note(caller);
        const context = contextOf(call, caller, admitted.operation, deadline);
        const { method, path, body } = call;
        const answer = await hop.forward({ method, path, body, context, timeLeftMs: timeLeft() });
        const givesBack = admitted.giveBack !== undefined && !mayBeDone(answer);
        // Not waited for: should it fail, the project has lost one send of its hour.
        if (givesBack) admitted.giveBack?.().catch(() => undefined);
        const limits = givesBack ? admitted.limits.map(withOneMore) : admitted.limits;
        return answer.outcome === 'answered'
          ? { outcome: 'answered', answer, limits }
          : { ...unavailable(answer.reason), isSent: answer.isSent, limits };
      }
    }
  }

  return async function relayCall(call: RelayedCall): Promise<RelayOutcome> {
    if (callsInFlight >= callsInFlightMax) return unavailable('too many calls in flight');
    callsInFlight += 1;
    try {
      return await relay(call);
    } finally {
      callsInFlight -= 1;
    }
  };
}

export type RelayCall = ReturnType<typeof createRelayCall>;

const unavailable = (reason: string) => ({ outcome: 'unavailable', reason, isSent: false, limits: [] }) as const;

/** Whether a send was made or may still be: not when the call was refused for good, nor when it never left. */
function mayBeDone(answer: HopOutcome): boolean {
  if (answer.outcome === 'unanswered') return answer.isSent;
  return answer.nothingDone !== true && (answer.status < 400 || answer.status >= 500);
}

const withOneMore = (limit: LimitState): LimitState => ({ ...limit, remaining: limit.remaining + 1 });

function contextOf({ requestId, ifMatch, accept }: RelayedCall, caller: Caller, operation: string, deadline: number) {
  const { project, mode, key, scopes, epoch } = caller;
  const conditional = { ...(ifMatch !== undefined && { ifMatch }), ...(accept !== undefined && { accept }) };
  return { requestId, project, mode, key, scopes: [...scopes], epoch, operation, deadline, ...conditional };
}

type TimedAdmission = AdmissionOutcome | { readonly outcome: 'unreachable'; readonly reason: string };

/** Admits the caller by the configuration as it is now: when theirs was an older one, they are judged anew first. */
async function admitCurrent(
  { access, admission }: RelayCallDeps,
  call: RelayedCall,
  deadline: number,
  timeLeft: () => number,
): Promise<{ admitted: TimedAdmission; caller: Caller }> {
  let { caller } = call;
  for (let judged = 1; ; judged += 1) {
    const admitted = await admitInTime(admission, { ...call, caller }, deadline, timeLeft());
    if (admitted.outcome !== 'stale' || judged === JUDGED_MAX) return { admitted, caller };
    caller = await access.judgeAnew(caller, call.need);
  }
}

/** Fails closed: without an answer from Redis nothing is sent, since nothing would limit it. */
async function admitInTime(
  admission: Admission,
  { caller, method, path, body, idempotencyKey, sends, endUser }: RelayedCall,
  deadline: number,
  timeLeftMs: number,
): Promise<TimedAdmission> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<TimedAdmission>((resolve) => {
    timer = setTimeout(resolve, timeLeftMs, { outcome: 'unreachable', reason: 'Redis did not answer in time' });
  });
  const idempotent = idempotencyKey === undefined ? undefined : { key: idempotencyKey, method, path, body };
  try {
    return await Promise.race([admission.admit({ caller, sends, endUser, deadline, idempotent }), timedOut]);
  } catch (error) {
    return { outcome: 'unreachable', reason: `Redis failed: ${error instanceof Error ? error.message : 'unknown'}` };
  } finally {
    clearTimeout(timer);
  }
}

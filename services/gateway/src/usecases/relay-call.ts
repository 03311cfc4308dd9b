import type { Mode } from '@watchword/contracts';
import type { Clock } from '@watchword/platform';
import type { Admission, AdmissionOutcome, HopOutcome, OtpHop, Quota } from '../ports.ts';

/** Who calls, as their API key says. */
export interface Caller {
  readonly project: string;
  readonly mode: Mode;
}

/** A call whose key, shape and bounds are already checked. */
export interface RelayedCall {
  readonly caller: Caller;
  readonly requestId: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** As it arrived; empty for GET. */
  readonly body: string;
  readonly idempotencyKey?: string;
  readonly sends: 0 | 1;
}

type Answered = Extract<HopOutcome, { outcome: 'answered' }>;

/** `reason` is for the log. */
export type RelayOutcome =
  | { readonly outcome: 'answered'; readonly answer: Answered; readonly quota?: Quota }
  | { readonly outcome: 'limited'; readonly retryAfterSeconds: number; readonly quota?: Quota }
  | { readonly outcome: 'mismatched'; readonly quota?: Quota }
  | { readonly outcome: 'unavailable'; readonly reason: string; readonly quota?: Quota };

export interface RelayCallDeps {
  readonly admission: Admission;
  readonly hop: OtpHop;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  /** Above this many calls at once the next is turned away, so that overload is never a hang. */
  readonly callsInFlightMax: number;
}

/**
 * Admits a call in the project's slot, then makes the one hop to otp. Whatever is away or slow, there is an outcome
 * within `requestTimeoutMs` and a little; what was given up is refused by its deadline wherever it arrives later.
 */
export function createRelayCall(deps: RelayCallDeps) {
  const { admission, hop, clock, requestTimeoutMs, callsInFlightMax } = deps;
  let callsInFlight = 0;

  async function relay(call: RelayedCall): Promise<RelayOutcome> {
    const startedAtMs = performance.now();
    const deadline = Math.round(clock.serverNow()) + requestTimeoutMs;
    const admitted = await admitInTime(admission, call, deadline, requestTimeoutMs);
    switch (admitted.outcome) {
      case 'late':
        return { outcome: 'unavailable', reason: 'the deadline had passed when Redis was reached' };
      case 'unreachable':
        return { outcome: 'unavailable', reason: admitted.reason };
      case 'limited':
      case 'mismatched':
        return admitted;
      case 'admitted': {
        const { caller, requestId, method, path, body } = call;
        const context = { requestId, ...caller, operation: admitted.operation, deadline };
        const timeLeftMs = Math.max(requestTimeoutMs - (performance.now() - startedAtMs), 0);
        const answer = await hop.forward({ method, path, body, context, timeLeftMs });
        const givesBack = admitted.giveBack !== undefined && answer.outcome === 'answered' && isRefused(answer.status);
        // Not waited for: should it fail, the project has lost one send of its hour.
        if (givesBack) admitted.giveBack?.().catch(() => undefined);
        const quota = quotaAfter(admitted.quota, givesBack ? 1 : 0);
        return answer.outcome === 'answered'
          ? { outcome: 'answered', answer, ...quota }
          : { outcome: 'unavailable', reason: answer.reason, ...quota };
      }
    }
  }

  return async function relayCall(call: RelayedCall): Promise<RelayOutcome> {
    if (callsInFlight >= callsInFlightMax) return { outcome: 'unavailable', reason: 'too many calls in flight' };
    callsInFlight += 1;
    try {
      return await relay(call);
    } finally {
      callsInFlight -= 1;
    }
  };
}

function quotaAfter(quota: Quota | undefined, givenBack: 0 | 1): { quota?: Quota } {
  return quota === undefined ? {} : { quota: { ...quota, remaining: quota.remaining + givenBack } };
}

const isRefused = (status: number) => status >= 400 && status < 500;

export type RelayCall = ReturnType<typeof createRelayCall>;

type TimedAdmission = AdmissionOutcome | { readonly outcome: 'unreachable'; readonly reason: string };

/** Fails closed: without an answer from Redis nothing is sent, since nothing would limit it. */
async function admitInTime(
  admission: Admission,
  { caller, method, path, body, idempotencyKey, sends }: RelayedCall,
  deadline: number,
  timeoutMs: number,
): Promise<TimedAdmission> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<TimedAdmission>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, { outcome: 'unreachable', reason: 'Redis did not answer in time' });
  });
  const idempotent = idempotencyKey === undefined ? {} : { idempotent: { key: idempotencyKey, method, path, body } };
  try {
    return await Promise.race([admission.admit({ project: caller.project, sends, deadline, ...idempotent }), timedOut]);
  } catch (error) {
    return { outcome: 'unreachable', reason: `Redis failed: ${error instanceof Error ? error.message : 'unknown'}` };
  } finally {
    clearTimeout(timer);
  }
}

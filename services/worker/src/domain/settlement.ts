import type { Claimed, Next, Settlement } from '@watchword/verifications';
import type { AttemptReport, Candidate, Message, SendingPlan } from '../ports.ts';
import { type MadeAttempt, nextWhileDraining, nextWithoutCall } from './next-step.ts';

/** What was taken has a cost, and a text that somebody read. */
export function settlementOf(
  { name: provider, id, costMicros }: Candidate,
  { template }: Message,
  { result, probe }: MadeAttempt,
  next: Next,
): Settlement {
  return {
    provider,
    ...(id === undefined ? {} : { providerId: id }),
    countsAsCall: !probe,
    outcome: result.outcome,
    next,
    ...(result.outcome === 'rejected' ? { class: result.class } : {}),
    ...(result.outcome === 'accepted'
      ? {
          providerMessageId: result.providerMessageId,
          ...(costMicros === undefined ? {} : { costMicros }),
          template,
        }
      : { providerCode: result.providerCode }),
  };
}

/**
 * Why no provider was called. For good: none serves this mode (a test key never reaches a carrier). For now: all that the
 * project has are draining, each circuit is open, or Redis took too long or could not say what the project has decided.
 */
export type WithoutCall = SendingPlan['whyNone'] | 'circuit_open' | 'redis_slow' | 'not_planned';

export function settlementWithout(why: WithoutCall, ordinal: number): Settlement {
  const seen = { provider: null, countsAsCall: false, providerCode: why } as const;
  if (why === 'no_provider') {
    return { ...seen, outcome: 'rejected', class: 'configuration', next: { kind: 'end', status: 'failed' } };
  }
  const next = why === 'draining' ? nextWhileDraining(ordinal) : nextWithoutCall(ordinal);
  return { ...seen, outcome: 'transient', next };
}

export function reportOf({ attempt, mode }: Claimed, settlement: Settlement, ms: number): AttemptReport {
  const { provider, providerId, outcome, providerCode } = settlement;
  return {
    attempt: attempt.id,
    ordinal: attempt.ordinal,
    provider,
    ...(providerId === undefined ? {} : { providerId }),
    mode,
    outcome,
    ...(settlement.class === undefined ? {} : { class: settlement.class }),
    ...(providerCode === undefined ? {} : { providerCode }),
    ms,
  };
}

import type { RenderedMessage } from '@watchword/delivery';
import type { Claimed, Next, Settlement } from '@watchword/verifications';
import type { AttemptReport, Candidate, SendingPlan } from '../ports.ts';
import { type MadeAttempt, nextForSlot, nextWhileDraining, nextWithoutCall } from './next-step.ts';

/** What was taken has a cost, and a text that somebody read. */
export function settlementOf(
  candidate: Candidate,
  { template }: Pick<RenderedMessage, 'template'>,
  { result, probe }: MadeAttempt,
  next: Next,
): Settlement {
  const { name: provider, id, costMicros } = candidate;
  return {
    provider,
    ...(id === undefined ? {} : { providerId: id }),
    countsAsCall: !probe,
    outcome: result.outcome,
    next,
    expectsReceipt: candidate.expectsReceipt(),
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
 * Why no provider was called. For good: none serves this mode and channel (a test key never reaches a carrier). For now: all that
 * the project has are draining, each circuit is open, each provider has got as many messages as it may, or Redis took too long or
 * could not say what the project has decided.
 */
export type WithoutCall =
  | { readonly why: SendingPlan['whyNone'] | 'circuit_open' | 'redis_slow' | 'not_planned' }
  | { readonly why: 'rate_limited'; readonly waitMs: number; readonly isReserved: boolean };

/** Where a workflow can go on over another channel, it does not wait for providers that cannot be called over this one. */
export function settlementWithout(without: WithoutCall, claim: Pick<Claimed, 'attempt' | 'hasNextStep'>): Settlement {
  const { why } = without;
  const seen = { provider: null, countsAsCall: false, expectsReceipt: false, providerCode: why } as const;
  if (why === 'no_provider') {
    return { ...seen, outcome: 'rejected', class: 'configuration', next: { kind: 'end', status: 'failed' } };
  }
  if (claim.hasNextStep && (why === 'circuit_open' || why === 'draining')) {
    return { ...seen, outcome: 'transient', next: { kind: 'end', status: 'failed' } };
  }
  return { ...seen, outcome: 'transient', next: nextWithout(without, claim.attempt.ordinal) };
}

function nextWithout(without: WithoutCall, ordinal: number): Next {
  if (without.why === 'rate_limited') return nextForSlot(without);
  return without.why === 'draining' ? nextWhileDraining(ordinal) : nextWithoutCall(ordinal);
}

export function reportOf({ attempt, mode, channel }: Claimed, settlement: Settlement, ms: number): AttemptReport {
  const { provider, providerId, outcome, providerCode } = settlement;
  return {
    attempt: attempt.id,
    ordinal: attempt.ordinal,
    channel,
    provider,
    ...(providerId === undefined ? {} : { providerId }),
    mode,
    outcome,
    ...(settlement.class === undefined ? {} : { class: settlement.class }),
    ...(providerCode === undefined ? {} : { providerCode }),
    ms,
  };
}

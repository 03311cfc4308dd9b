import { type Health, healthOf } from '@watchword/delivery';
import type { Claimed } from '@watchword/verifications';
import { type MadeAttempt, mayFailOver, nextAfterAttempt } from '../domain/next-step.ts';
import { reportOf, settlementOf, settlementWithout, type WithoutCall } from '../domain/settlement.ts';
import { leaseOf, SETTLE_MARGIN_MS } from '../domain/times.ts';
import type {
  AttemptReport,
  BindMessage,
  Circuit,
  Deliveries,
  DeliveryObserver,
  DeliveryReport,
  DeliveryResult,
} from '../ports.ts';
import { callProvider } from './call-provider.ts';
import type { Granted } from './choose-candidate.ts';
import { createFindProvider, type FindProviderDeps, type Found } from './find-provider.ts';
import { createSettleAttempt } from './settle-attempt.ts';

export interface DeliverCodeDeps extends Omit<FindProviderDeps, 'giveBack'> {
  readonly deliveries: Deliveries;
  readonly circuit: Circuit;
  readonly bindMessage: BindMessage;
  readonly observer: DeliveryObserver;
  readonly providerTimeoutMs: number;
  /** From 0 to below 1. */
  readonly random?: () => number;
}

/** What one job has done so far. */
interface Job {
  readonly reports: AttemptReport[];
  readonly made: MadeAttempt[];
  readonly tried: Set<string>;
  /** Calls that this job settled and that count: the next claim's figure holds them. */
  counted: number;
  /** Permission to call the next provider, taken before the last attempt was settled. */
  held: Granted | undefined;
  /** One for all its attempts, so that they follow one order. */
  readonly draw: number;
}

/**
 * Runs one delivery job: claims, calls one provider, settles, and claims again for the next provider as long as that
 * may help. Every send has its own claim and ends within its lease, so a worker that was thought dead does not
 * send beside its successor.
 */
export function createDeliverCode(deps: DeliverCodeDeps): (deliveryId: string) => Promise<DeliveryReport> {
  const { deliveries, providerTimeoutMs, observer, bindMessage, random = Math.random } = deps;
  const settle = createSettleAttempt(deps);
  const record = createRecord(deps);
  const giveBack = (granted: Granted) => record(granted, 'neutral', 0, '');
  const { choose, find } = createFindProvider({ ...deps, giveBack });

  async function runAttempt(job: Job, deliveryId: string): Promise<DeliveryResult | 'again'> {
    const claimedAt = performance.now();
    const claim = await deliveries.claim(deliveryId, leaseOf(providerTimeoutMs));
    if (claim.result !== 'claimed') return claim.result;
    const found = await findFor(job, claim, claimedAt);
    if (found.granted === undefined) return settleWithout(job, claim, found);
    const { granted } = found;
    // Redis may have taken long: a call must not outlive its lease, or a successor would send beside it, nor that of its probe.
    if (performance.now() - Math.min(claimedAt, granted.askedAt) > SETTLE_MARGIN_MS) {
      await giveBack(granted);
      return settleWithout(job, claim, { why: 'redis_slow' });
    }
    return attempt(job, { ...claim, remainingMs: claim.remainingMs - (performance.now() - claimedAt) }, granted);
  }

  async function attempt(job: Job, claim: Claimed, granted: Granted): Promise<DeliveryResult | 'again'> {
    const { candidate, permission, message } = granted;
    job.tried.add(candidate.circuit);
    if (claim.isAfterLease) observer.possibleDuplicate(claim, 'lease_ended');
    else if (job.made.some((earlier) => earlier.result.outcome === 'unknown')) {
      observer.possibleDuplicate(claim, 'unknown');
    }
    const startedAt = performance.now();
    const result = await callProvider(granted, claim, providerTimeoutMs);
    const ms = Math.round(performance.now() - startedAt);

    const other = mayFailOver(result, claim.onUnknown) ? await chooseOther(job, claim) : undefined;
    job.held = other === 'unknown' ? undefined : other;
    const latest: MadeAttempt = { result, probe: permission.state === 'probe' };
    const state = {
      latest,
      earlier: job.made,
      providerCalls: claim.providerCalls - job.counted,
      hasOther: other === 'unknown' ? other : other !== undefined,
      hasNextStep: claim.hasNextStep,
      onUnknown: claim.onUnknown,
    };
    const settlement = settlementOf(candidate, message, latest, nextAfterAttempt(state));
    job.made.push(latest);
    if (settlement.countsAsCall) job.counted += 1;
    const report = reportOf(claim, settlement, ms);
    job.reports.push(report);
    observer.attempted(report);
    const attemptId = claim.attempt.id;
    const [settled] = await Promise.all([
      settle(claim, settlement),
      record(granted, healthOf(result), ms, attemptId),
      result.outcome === 'accepted' &&
        bindMessage({ candidate, attemptId, providerMessageId: result.providerMessageId }),
    ]);
    return settled;
  }

  /** Gives the claim back when it throws: the delivery was not tried, and the next claim should not think that it was. */
  async function findFor(job: Job, claim: Claimed, claimedAt: number): Promise<Found> {
    const { held, tried, draw } = job;
    job.held = undefined;
    try {
      return await find({ claim, claimedAt, draw, tried, held });
    } catch (error) {
      await settleWithout(job, claim, { why: 'not_planned' });
      throw error;
    }
  }

  function settleWithout(job: Job, claim: Claimed, without: WithoutCall): Promise<DeliveryResult | 'again'> {
    const settlement = settlementWithout(without, claim);
    job.reports.push(reportOf(claim, settlement, 0));
    return settle(claim, settlement);
  }

  async function chooseOther({ tried, draw }: Job, claim: Claimed): Promise<Granted | 'unknown' | undefined> {
    try {
      return await choose({ claim, draw, tried });
    } catch {
      // Redis is away: an attempt that was made must be settled first of all.
      return 'unknown';
    }
  }

  return async function deliverCode(deliveryId) {
    const job: Job = { reports: [], made: [], tried: new Set(), counted: 0, held: undefined, draw: random() };
    let result: DeliveryResult | 'again';
    try {
      do result = await runAttempt(job, deliveryId);
      while (result === 'again');
    } finally {
      if (job.held) await giveBack(job.held);
    }
    return { result, attempts: job.reports };
  };
}

function createRecord({ circuit, observer }: Pick<DeliverCodeDeps, 'circuit' | 'observer'>) {
  return async function record(
    { candidate, permission }: Granted,
    health: Health,
    ms: number,
    attemptId: string,
  ): Promise<void> {
    if (health === 'neutral' && permission.state !== 'probe') return;
    try {
      const counted = await circuit.record(permission, health, ms, attemptId);
      if (typeof counted === 'object') observer.circuitMoved(candidate, counted);
    } catch (error) {
      // The message's own fate matters more than a count; a probe's slot frees itself.
      observer.recordFailed(candidate, error);
    }
  };
}

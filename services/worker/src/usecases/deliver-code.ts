import { setTimeout as delay } from 'node:timers/promises';
import { type AttemptResult, type Health, healthOf, PLANNED_PROVIDERS_MAX } from '@watchword/delivery';
import type { Claimed, Next, Settlement } from '@watchword/verifications';
import { type MadeAttempt, mayFailOver, nextAfterAttempt } from '../domain/next-step.ts';
import { reportOf, settlementOf, settlementWithout, type WithoutCall } from '../domain/settlement.ts';
import type {
  AttemptReport,
  Circuit,
  Deliveries,
  DeliveryObserver,
  DeliveryReport,
  DeliveryResult,
  PlanSending,
} from '../ports.ts';
import { createChooseCandidate, type Granted } from './choose-candidate.ts';

export interface DeliverCodeDeps {
  readonly deliveries: Deliveries;
  readonly planSending: PlanSending;
  readonly circuit: Circuit;
  readonly observer: DeliveryObserver;
  readonly providerTimeoutMs: number;
  /** From 0 to below 1. */
  readonly random?: () => number;
}

/** A claim outlives the provider call by this much, so that its result can still be settled. */
const SETTLE_MARGIN_MS = 2_000;
const SETTLE_RETRY_MS = 100;
const SETTLE_RETRY_MS_MAX = 1_000;
const SETTLE_GIVE_UP_MS = 90_000;

export const leaseOf = (providerTimeoutMs: number) => providerTimeoutMs + SETTLE_MARGIN_MS;

/** No claim is granted for a code that is dead. */
const CODE_LIFE_MS_MAX = 600_000;

/** No job runs longer while Redis answers: each provider once, and what came of it settled or given up. */
export function jobMaxMsOf(platformProviders: number, providerTimeoutMs: number): number {
  const attemptMs = leaseOf(providerTimeoutMs) + SETTLE_GIVE_UP_MS;
  return Math.min(Math.max(platformProviders, PLANNED_PROVIDERS_MAX) * attemptMs, CODE_LIFE_MS_MAX + attemptMs);
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
  const { deliveries, planSending, providerTimeoutMs, observer, random = Math.random } = deps;
  const choose = createChooseCandidate(deps);
  const settle = createSettle(deps);
  const record = createRecord(deps);

  async function runAttempt(job: Job, deliveryId: string): Promise<DeliveryResult | 'again'> {
    const claimedAt = performance.now();
    const claim = await deliveries.claim(deliveryId, leaseOf(providerTimeoutMs));
    if (claim.result !== 'claimed') return claim.result;
    const found = await findGranted(job, claim);
    if (found.granted === undefined) return settleWithout(job, claim, found.why);
    const { granted } = found;
    job.held = granted;
    // Redis may have taken long since the claim: a call must not outlive the lease, or a successor would send beside it.
    if (performance.now() - claimedAt > SETTLE_MARGIN_MS) return settleWithout(job, claim, 'redis_slow');
    job.held = undefined;
    return attempt(job, claim, granted);
  }

  async function attempt(job: Job, claim: Claimed, granted: Granted): Promise<DeliveryResult | 'again'> {
    const { candidate, permission, message } = granted;
    job.tried.add(candidate.circuit);
    if (claim.isAfterLease) observer.possibleDuplicate(claim.attempt, 'lease_ended');
    else if (job.made.some((earlier) => earlier.result.outcome === 'unknown')) {
      observer.possibleDuplicate(claim.attempt, 'unknown');
    }
    const startedAt = performance.now();
    const result = await callProvider(granted, claim, providerTimeoutMs);
    const ms = Math.round(performance.now() - startedAt);

    if (mayFailOver(result)) job.held = await chooseOther(job, claim);
    const latest: MadeAttempt = { result, probe: permission.state === 'probe' };
    const state = {
      latest,
      earlier: job.made,
      providerCalls: claim.providerCalls - job.counted,
      hasOther: job.held !== undefined,
    };
    const settlement = settlementOf(candidate, message, latest, nextAfterAttempt(state));
    job.made.push(latest);
    if (settlement.countsAsCall) job.counted += 1;
    const report = reportOf(claim, settlement, ms);
    job.reports.push(report);
    observer.attempted(report);
    const [settled] = await Promise.all([settle(claim, settlement), record(granted, healthOf(result), ms)]);
    return settled;
  }

  /** Gives the claim back when it throws: the delivery was not tried, and the next claim should not think that it was. */
  async function findGranted(
    job: Job,
    claim: Claimed,
  ): Promise<{ granted: Granted } | { granted: undefined; why: WithoutCall }> {
    if (job.held) return { granted: job.held };
    try {
      const plan = await planSending(claim, job.draw);
      const granted = await choose(plan, job.tried);
      if (granted) return { granted };
      return { granted, why: plan.candidates.length === 0 ? plan.whyNone : 'circuit_open' };
    } catch (error) {
      await settleWithout(job, claim, 'not_planned');
      throw error;
    }
  }

  function settleWithout(job: Job, claim: Claimed, why: WithoutCall): Promise<DeliveryResult | 'again'> {
    const settlement = settlementWithout(why, claim.attempt.ordinal);
    job.reports.push(reportOf(claim, settlement, 0));
    return settle(claim, settlement);
  }

  async function chooseOther({ tried, draw }: Job, claim: Claimed): Promise<Granted | undefined> {
    try {
      return await choose(await planSending(claim, draw), tried);
    } catch {
      // Redis is away: an attempt that was made must be settled first of all.
      return undefined;
    }
  }

  return async function deliverCode(deliveryId) {
    const job: Job = { reports: [], made: [], tried: new Set(), counted: 0, held: undefined, draw: random() };
    let result: DeliveryResult | 'again';
    try {
      do result = await runAttempt(job, deliveryId);
      while (result === 'again');
    } finally {
      if (job.held) await record(job.held, 'neutral', 0);
    }
    return { result, attempts: job.reports };
  };
}

function createRecord({ circuit, observer }: DeliverCodeDeps) {
  return async function record({ candidate, permission }: Granted, health: Health, ms: number): Promise<void> {
    if (health === 'neutral' && permission.state !== 'probe') return;
    try {
      const counted = await circuit.record(permission, health, ms);
      if (typeof counted === 'object') observer.circuitMoved(candidate, counted);
    } catch (error) {
      // The message's own fate matters more than a count; a probe's slot frees itself.
      observer.recordFailed(candidate, error);
    }
  };
}

/**
 * Settles, whatever it takes: the message has gone out, and an unrecorded one is sent again. While Redis is away the
 * connection holds the command back; this tries again after refusals (a replica, out of memory) until the code is dead.
 */
function createSettle({ deliveries, observer }: DeliverCodeDeps) {
  return async function settle(
    { attempt, remainingMs }: Claimed,
    settlement: Settlement,
  ): Promise<DeliveryResult | 'again'> {
    const giveUpAt = performance.now() + Math.min(remainingMs, SETTLE_GIVE_UP_MS);
    for (let retryMs = SETTLE_RETRY_MS; ; retryMs = Math.min(retryMs * 2, SETTLE_RETRY_MS_MAX)) {
      try {
        if ((await deliveries.settle(attempt, settlement)) === 'settled') return resultOf(settlement.next);
        observer.stale(attempt);
        return 'stale';
      } catch (error) {
        observer.settleFailed(attempt, error);
        if (performance.now() > giveUpAt) throw error;
      }
      await delay(retryMs);
    }
  };
}

const resultOf = (next: Next) => (next.kind === 'end' ? next.status : next.kind);

/** Adapters do not throw; if one does, its error may hold the code, so nothing of it is kept. */
async function callProvider(
  { candidate, message }: Granted,
  claim: Claimed,
  timeoutMs: number,
): Promise<AttemptResult> {
  try {
    return await candidate.send({
      to: claim.destination,
      text: message.text,
      attemptId: claim.attempt.id,
      validitySeconds: Math.max(1, Math.floor(claim.remainingMs / 1000)),
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch {
    return { outcome: 'unknown', providerCode: 'adapter_error' };
  }
}

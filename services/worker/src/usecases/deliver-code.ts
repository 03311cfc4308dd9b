import { setTimeout as delay } from 'node:timers/promises';
import {
  type AttemptResult,
  circuitKeyOf,
  type Health,
  healthOf,
  type Permission,
  renderCodeMessage,
} from '@watchword/delivery';
import type { Claimed, Next, Settlement } from '@watchword/verifications';
import { type MadeAttempt, mayFailOver, nextAfterAttempt, nextWhileOpen } from '../domain/next-step.ts';
import type {
  AttemptReport,
  Circuit,
  Deliveries,
  DeliveryObserver,
  DeliveryReport,
  DeliveryResult,
  SmsProvider,
} from '../ports.ts';

export interface DeliverCodeDeps {
  readonly deliveries: Deliveries;
  /** Primary first; a live account and its sandbox twin have one name and two modes. */
  readonly providers: readonly SmsProvider[];
  readonly circuit: Circuit;
  readonly observer: DeliveryObserver;
  readonly providerTimeoutMs: number;
}

/** A claim outlives the provider call by this much, so that its result can still be settled. */
const SETTLE_MARGIN_MS = 2_000;
const SETTLE_RETRY_MS = 100;
const SETTLE_RETRY_MS_MAX = 1_000;
const SETTLE_GIVE_UP_MS = 90_000;

export const leaseOf = (providerTimeoutMs: number) => providerTimeoutMs + SETTLE_MARGIN_MS;

/** No job runs longer while Redis answers: each provider once, and what came of it settled or given up. */
export const jobMaxMsOf = (providers: number, providerTimeoutMs: number) =>
  providers * (leaseOf(providerTimeoutMs) + SETTLE_GIVE_UP_MS);

interface Granted {
  readonly provider: SmsProvider;
  readonly permission: Permission;
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
}

/**
 * Runs one delivery job: claims, calls one provider, settles, and claims again for the next provider as long as that
 * may help. Every send has its own claim and ends within its lease, so a worker that was thought dead does not
 * send beside its successor.
 */
export function createDeliverCode(deps: DeliverCodeDeps): (deliveryId: string) => Promise<DeliveryReport> {
  const { deliveries, providers, providerTimeoutMs, observer } = deps;
  const chooseProvider = createChooseProvider(deps);
  const settle = createSettle(deps);
  const record = createRecord(deps);

  async function runAttempt(job: Job, deliveryId: string): Promise<DeliveryResult | 'again'> {
    const claimedAt = performance.now();
    const claim = await deliveries.claim(deliveryId, leaseOf(providerTimeoutMs));
    if (claim.result !== 'claimed') return claim.result;
    const granted = job.held ?? (await chooseProvider(claim.mode, job.tried));
    if (!granted) return settleWithout(job, claim);
    job.held = granted;
    // Redis may have taken long since the claim: a call must not outlive the lease, or a successor would send beside it.
    if (performance.now() - claimedAt > SETTLE_MARGIN_MS) return 'leased';
    job.held = undefined;
    const { provider, permission } = granted;
    job.tried.add(provider.name);
    if (claim.isAfterLease) observer.possibleDuplicate(claim.attempt, 'lease_ended');
    else if (job.made.some((earlier) => earlier.result.outcome === 'unknown')) {
      observer.possibleDuplicate(claim.attempt, 'unknown');
    }
    const startedAt = performance.now();
    const result = await callProvider(provider, claim, providerTimeoutMs);
    const ms = Math.round(performance.now() - startedAt);

    if (mayFailOver(result)) job.held = await chooseOther(claim.mode, job.tried);
    const latest: MadeAttempt = { result, probe: permission.state === 'probe' };
    const state = {
      latest,
      earlier: job.made,
      providerCalls: claim.providerCalls - job.counted,
      hasOther: job.held !== undefined,
    };
    const settlement = settlementOf(provider.name, latest, nextAfterAttempt(state));
    job.made.push(latest);
    if (settlement.countsAsCall) job.counted += 1;
    const report = reportOf(claim, settlement, ms);
    job.reports.push(report);
    observer.attempted(report);
    const [settled] = await Promise.all([settle(claim, settlement), record(granted, healthOf(result), ms)]);
    return settled;
  }

  function settleWithout(job: Job, claim: Claimed): Promise<DeliveryResult | 'again'> {
    const hasMode = providers.some(({ mode }) => mode === claim.mode);
    const settlement = settlementWithout(hasMode, claim.attempt.ordinal);
    job.reports.push(reportOf(claim, settlement, 0));
    return settle(claim, settlement);
  }

  async function chooseOther(mode: Claimed['mode'], tried: ReadonlySet<string>): Promise<Granted | undefined> {
    try {
      return await chooseProvider(mode, tried);
    } catch {
      // Redis is away: an attempt that was made must be settled first of all.
      return undefined;
    }
  }

  return async function deliverCode(deliveryId) {
    const job: Job = { reports: [], made: [], tried: new Set(), counted: 0, held: undefined };
    let result: DeliveryResult | 'again';
    do result = await runAttempt(job, deliveryId);
    while (result === 'again');
    if (job.held) await record(job.held, 'neutral', 0);
    return { result, attempts: job.reports };
  };
}

/**
 * The first provider of this mode that was not tried in this job and whose circuit permits a call; failing that, the first
 * that is permitted as a last resort: one that recovers takes no more than its share, and a slow one is better than none.
 */
function createChooseProvider({ providers, circuit, observer }: DeliverCodeDeps) {
  return async function chooseProvider(
    mode: Claimed['mode'],
    tried: ReadonlySet<string>,
  ): Promise<Granted | undefined> {
    let lastResort: Granted | undefined;
    for (const provider of providers) {
      if (provider.mode !== mode || tried.has(provider.name)) continue;
      const permission = await circuit.permit(circuitKeyOf(provider));
      if (permission.transition) observer.circuitMoved(provider, permission.transition);
      if (permission.state === 'open') continue;
      if (!permission.isLastResort) return { provider, permission };
      lastResort ??= { provider, permission };
    }
    return lastResort;
  };
}

function createRecord({ circuit, observer }: DeliverCodeDeps) {
  return async function record({ provider, permission }: Granted, health: Health, ms: number): Promise<void> {
    if (health === 'neutral' && permission.state !== 'probe') return;
    try {
      const counted = await circuit.record(permission, health, ms);
      if (typeof counted === 'object') observer.circuitMoved(provider, counted);
    } catch (error) {
      // The message's own fate matters more than a count; a probe's slot frees itself.
      observer.recordFailed(provider, error);
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
async function callProvider(provider: SmsProvider, claim: Claimed, timeoutMs: number): Promise<AttemptResult> {
  try {
    return await provider.send({
      to: claim.destination,
      text: renderCodeMessage({ purpose: claim.purpose, code: claim.code, ttlMs: claim.codeTtlMs }),
      attemptId: claim.attempt.id,
      validitySeconds: Math.max(1, Math.floor(claim.remainingMs / 1000)),
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch {
    return { outcome: 'unknown', providerCode: 'adapter_error' };
  }
}

function settlementOf(provider: string, { result, probe }: MadeAttempt, next: Next): Settlement {
  return {
    provider,
    countsAsCall: !probe,
    outcome: result.outcome,
    next,
    ...(result.outcome === 'rejected' ? { class: result.class } : {}),
    ...(result.outcome === 'accepted'
      ? { providerMessageId: result.providerMessageId }
      : { providerCode: result.providerCode }),
  };
}

/** No provider was called: either none serves this mode (a test key never reaches a carrier), or each circuit is open. */
function settlementWithout(hasMode: boolean, ordinal: number): Settlement {
  if (hasMode) {
    return {
      provider: null,
      countsAsCall: false,
      outcome: 'transient',
      providerCode: 'circuit_open',
      next: nextWhileOpen(ordinal),
    };
  }
  return {
    provider: null,
    countsAsCall: false,
    outcome: 'rejected',
    class: 'configuration',
    providerCode: 'no_provider',
    next: { kind: 'end', status: 'failed' },
  };
}

function reportOf({ attempt, mode }: Claimed, settlement: Settlement, ms: number): AttemptReport {
  const { provider, outcome, providerCode } = settlement;
  return {
    attempt: attempt.id,
    ordinal: attempt.ordinal,
    provider,
    mode,
    outcome,
    ...(settlement.class === undefined ? {} : { class: settlement.class }),
    ...(providerCode === undefined ? {} : { providerCode }),
    ms,
  };
}

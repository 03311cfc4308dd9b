import type { Claimed } from '@watchword/verifications';
import type { WithoutCall } from '../domain/settlement.ts';
import { SLOT_WAIT_MS } from '../domain/times.ts';
import type { Candidate, PlanSending, SendingPlan } from '../ports.ts';
import { type ChooseCandidateDeps, createChooseCandidate, type Granted } from './choose-candidate.ts';
import { createTakeTurn, type TakeTurnDeps } from './take-turn.ts';

export interface FindProviderDeps extends ChooseCandidateDeps, TakeTurnDeps {
  readonly planSending: PlanSending;
  /** Gives back a permission that was not used. */
  readonly giveBack: (granted: Granted) => Promise<void>;
}

export interface Search {
  readonly claim: Claimed;
  /** When the claim was asked for, of `performance.now`. */
  readonly claimedAt: number;
  readonly draw: number;
  /** Circuits that the job has called. */
  readonly tried: ReadonlySet<string>;
  /** Permission for one that was chosen before; it is asked first. */
  readonly held: Granted | undefined;
}

export type Found = { readonly granted: Granted } | (WithoutCall & { readonly granted?: undefined });

interface Turned {
  readonly candidate: Candidate;
  readonly waitMs: number;
}

/**
 * Whom to call now: the first candidate whose circuit permits it and whose turn comes within a second. When all that may be
 * called have their hands full, the one that is free first is asked to keep a turn.
 */
export function createFindProvider(deps: FindProviderDeps) {
  const { planSending, giveBack } = deps;
  const choose = createChooseCandidate(deps);
  const { takeTurn, keepTurn } = createTakeTurn(deps);

  /** A permission that was taken under an earlier plan: its provider may be draining by now, or have other credentials. */
  async function stillPlanned(held: Granted | undefined, plan: SendingPlan): Promise<Granted | undefined> {
    if (held === undefined) return undefined;
    const candidate = plan.candidates.find(({ circuit }) => circuit === held.candidate.circuit);
    if (candidate !== undefined) return { ...held, candidate, message: plan.message };
    await giveBack(held);
    return undefined;
  }

  async function keepSoonest(turned: readonly Turned[], deliveryId: string): Promise<WithoutCall> {
    const [soonest] = turned.toSorted((left, right) => left.waitMs - right.waitMs);
    if (soonest === undefined) return { why: 'circuit_open' };
    const slot = await keepTurn(soonest.candidate, deliveryId);
    return slot.kind === 'go'
      ? { why: 'rate_limited', waitMs: 0, isReserved: true }
      : { why: 'rate_limited', waitMs: slot.waitMs, isReserved: slot.isReserved };
  }

  return {
    choose: async ({ claim, draw, tried }: Pick<Search, 'claim' | 'draw' | 'tried'>): Promise<Granted | undefined> =>
      choose(await planSending(claim, draw), tried),

    async find({ claim, claimedAt, draw, tried, held }: Search): Promise<Found> {
      const { deliveryId } = claim.attempt;
      const turned: Turned[] = [];
      const plan = await planSending(claim, draw).catch(orGiveBack(held));
      let granted = await stillPlanned(held, plan);
      if (plan.candidates.length === 0) return { why: plan.whyNone };
      for (;;) {
        granted ??= await choose(plan, new Set([...tried, ...turned.map(({ candidate }) => candidate.circuit)]));
        if (granted === undefined) return keepSoonest(turned, deliveryId);
        const slot = await takeTurn(granted.candidate, deliveryId, claimedAt + SLOT_WAIT_MS).catch(orGiveBack(granted));
        if (slot.kind === 'go') return { granted };
        turned.push({ candidate: granted.candidate, waitMs: slot.waitMs });
        await giveBack(granted);
        granted = undefined;
      }
    },
  };

  function orGiveBack(granted: Granted | undefined) {
    return async (error: unknown): Promise<never> => {
      if (granted) await giveBack(granted);
      throw error;
    };
  }
}

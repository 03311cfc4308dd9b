import type { Claimed } from '@watchword/verifications';
import type { WithoutCall } from '../domain/settlement.ts';
import { SLOT_WAIT_MS } from '../domain/times.ts';
import type { Candidate, PlanSending, SendingPlan, SendRate } from '../ports.ts';
import { type ChooseCandidateDeps, createChooseCandidate, type Granted } from './choose-candidate.ts';
import { createTakeTurn } from './take-turn.ts';

export interface FindProviderDeps extends ChooseCandidateDeps {
  readonly planSending: PlanSending;
  readonly rate: SendRate;
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
      let plan: SendingPlan | undefined;
      let granted = held;
      for (;;) {
        if (granted === undefined) {
          plan ??= await planSending(claim, draw);
          if (plan.candidates.length === 0) return { why: plan.whyNone };
          granted = await choose(plan, new Set([...tried, ...turned.map(({ candidate }) => candidate.circuit)]));
        }
        if (granted === undefined) return keepSoonest(turned, deliveryId);
        const slot = await takeTurn(granted.candidate, deliveryId, claimedAt + SLOT_WAIT_MS).catch(orGiveBack(granted));
        if (slot.kind === 'go') return { granted };
        turned.push({ candidate: granted.candidate, waitMs: slot.waitMs });
        await giveBack(granted);
        granted = undefined;
      }
    },
  };

  function orGiveBack(granted: Granted) {
    return async (error: unknown): Promise<never> => {
      await giveBack(granted);
      throw error;
    };
  }
}

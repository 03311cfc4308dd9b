import type { Permission, RenderedMessage } from '@watchword/delivery';
import type { Candidate, Circuit, DeliveryObserver, SendingPlan } from '../ports.ts';

/** The right to call a candidate once, and what to send through it. */
export interface Granted {
  readonly candidate: Candidate;
  readonly permission: Permission;
  readonly message: RenderedMessage;
  /** When its circuit was asked, of `performance.now`: the lease of a probe begins no earlier. */
  readonly askedAt: number;
}

export interface ChooseCandidateDeps {
  readonly circuit: Pick<Circuit, 'permit'>;
  readonly observer: Pick<DeliveryObserver, 'circuitMoved'>;
}

/**
 * The first candidate that is not passed over and whose circuit permits a call; failing that, the first that is permitted as a
 * last resort: one that recovers takes no more than its share, and a slow one is better than none. `passed` has circuits.
 */
export function createChooseCandidate({ circuit, observer }: ChooseCandidateDeps) {
  return async function choose(
    { candidates, message }: SendingPlan,
    passed: ReadonlySet<string>,
  ): Promise<Granted | undefined> {
    let lastResort: Granted | undefined;
    for (const candidate of candidates) {
      if (passed.has(candidate.circuit)) continue;
      const askedAt = performance.now();
      const permission = await circuit.permit(candidate.circuit);
      if (permission.transition) observer.circuitMoved(candidate, permission.transition);
      if (permission.state === 'open') continue;
      const granted = { candidate, permission, message, askedAt };
      if (!permission.isLastResort) return granted;
      lastResort ??= granted;
    }
    return lastResort;
  };
}

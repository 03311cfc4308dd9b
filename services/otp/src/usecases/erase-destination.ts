import type { EraseDestination, ErasureAccepted } from '@watchword/contracts';
import type { Erasure, ErasureCall } from '@watchword/verifications';
import { readDestination } from '../domain/destinations.ts';
import { KNOWN_PURPOSES } from '../domain/purpose.ts';
import type { RulesOf } from '../ports.ts';

/** Under the epoch of its project's configuration, by which its purposes are known. */
interface AuditedCall extends ErasureCall {
  readonly epoch: number;
}

export interface EraseDestinationDeps {
  readonly erasure: Pick<Erasure, 'erase'>;
  readonly rulesOf: RulesOf;
}

/**
 * Forgets a destination of the project, in both modes: at once what Redis finds by the purposes that are known here, and behind
 * the events still to be recorded all the rest, by the recorder.
 */
export function createEraseDestination({ erasure, rulesOf }: EraseDestinationDeps) {
  return async function eraseDestination({ to }: EraseDestination, call: AuditedCall): Promise<ErasureAccepted> {
    const destination = readDestination(to);
    const { purposes } = await rulesOf(call);
    const { id } = await erasure.erase(destination, [...new Set([...KNOWN_PURPOSES, ...purposes])], call);
    return { id, status: 'accepted' };
  };
}

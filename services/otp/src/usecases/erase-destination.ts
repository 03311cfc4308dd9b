import type { EraseDestination, ErasureAccepted } from '@watchword/contracts';
import type { Erasure } from '@watchword/verifications';
import { parsePhoneNumber } from '../domain/phone-number.ts';
import { KNOWN_PURPOSES } from '../domain/purpose.ts';
import type { Call, RulesOf } from '../ports.ts';

export interface EraseDestinationDeps {
  readonly erasure: Pick<Erasure, 'erase'>;
  readonly rulesOf: RulesOf;
}

/**
 * Forgets a destination of the project: at once what Redis finds by the purposes that are known here, and behind the events
 * still to be recorded all the rest, by the recorder.
 */
export function createEraseDestination({ erasure, rulesOf }: EraseDestinationDeps) {
  return async function eraseDestination({ to }: EraseDestination, call: Call): Promise<ErasureAccepted> {
    const { e164 } = parsePhoneNumber(to);
    const { purposes } = await rulesOf(call);
    const { id } = await erasure.erase(e164, [...new Set([...KNOWN_PURPOSES, ...purposes])], call);
    return { id, status: 'accepted' };
  };
}

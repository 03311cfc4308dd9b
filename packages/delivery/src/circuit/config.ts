import { integerVariable } from '@watchword/platform';
import { CIRCUIT_DEFAULTS } from './circuit.ts';

/** The circuits' part of the environment. All who move a circuit, workers and takers of receipts, need the same. */
export const circuitVariables = {
  CIRCUIT_OPEN_MS: integerVariable(100, 60_000)
    .prefault(String(CIRCUIT_DEFAULTS.openMs))
    .describe('How long a circuit is open at first; each further time twice as long, up to 60 s'),
  CIRCUIT_RECOVERY_MS: integerVariable(100, 3_600_000)
    .prefault(String(CIRCUIT_DEFAULTS.recoveryMs))
    .describe('How long a provider that works again takes to get all its traffic back'),
};

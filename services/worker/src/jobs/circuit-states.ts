import { CIRCUIT_STATES, circuitKeyOf } from '@watchword/delivery';
import { type CircuitSample, circuitState, type Registry } from '@watchword/platform';
import type { Account, Circuit } from '../ports.ts';

/** Shows each provider's state in the metrics, read from Redis at each scrape: an idle worker shows no old one. */
export function showCircuits(registry: Registry, circuit: Pick<Circuit, 'read'>, providers: readonly Account[]): void {
  async function samplesOf(account: Account): Promise<CircuitSample[]> {
    const { state: present } = await circuit.read(circuitKeyOf(account));
    const { name: provider, mode } = account;
    return CIRCUIT_STATES.map((state) => ({ provider, mode, state, value: state === present ? 1 : 0 }));
  }
  circuitState(registry, async () => (await Promise.all(providers.map(samplesOf))).flat());
}

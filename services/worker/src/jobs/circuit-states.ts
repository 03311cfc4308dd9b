import { CIRCUIT_STATES } from '@watchword/delivery';
import { type CircuitSample, circuitState, type Registry } from '@watchword/platform';
import type { Candidate, Circuit } from '../ports.ts';

type Shown = Pick<Candidate, 'name' | 'mode' | 'channel' | 'circuit'>;

/** Shows each account's state on each channel in the metrics, read from Redis at each scrape: an idle worker shows no old one. */
export function showCircuits(registry: Registry, circuit: Pick<Circuit, 'read'>, accounts: readonly Shown[]): void {
  async function samplesOf({ name: provider, mode, channel, circuit: key }: Shown): Promise<CircuitSample[]> {
    const { state: present } = await circuit.read(key);
    return CIRCUIT_STATES.map((state) => ({ provider, mode, channel, state, value: state === present ? 1 : 0 }));
  }
  circuitState(registry, async () => (await Promise.all(accounts.map(samplesOf))).flat());
}

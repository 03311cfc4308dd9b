// The worker service, held for ever at one moment of each delivery: what it holds is lost when it is killed there.
import { describeService, parseEnvironment, runUntilSignal, withDataDirectory } from '@watchword/platform';
import type { Deliveries } from '@watchword/verifications';
import { composeWorker, workerVariables } from '../src/index.ts';

function hold(deliveryId: string): Promise<never> {
  process.stdout.write(`held ${deliveryId}\n`);
  return new Promise(() => undefined);
}

/** `before_call`: claimed, and nobody was called · `accepted`: called, and not settled · `settled`: the job is not acknowledged. */
const HOLDS: Readonly<Record<string, (deliveries: Deliveries) => Deliveries>> = {
  before_call: ({ claim, settle }) => ({
    settle,
    async claim(deliveryId, leaseMs) {
      await claim(deliveryId, leaseMs);
      return hold(deliveryId);
    },
  }),
  accepted: ({ claim }) => ({ claim, settle: ({ deliveryId }) => hold(deliveryId) }),
  settled: ({ claim, settle }) => ({
    claim,
    async settle(attempt, settlement) {
      await settle(attempt, settlement);
      return hold(attempt.deliveryId);
    },
  }),
};

const wrapDeliveries = HOLDS[process.env.HOLD_AT ?? ''];
if (wrapDeliveries === undefined) throw new Error(`HOLD_AT must be one of ${Object.keys(HOLDS).join(', ')}`);
const environment = withDataDirectory(process.env, Object.keys(workerVariables.shape));
await runUntilSignal(
  () => composeWorker(parseEnvironment(workerVariables, environment), { wrapDeliveries }),
  describeService,
);

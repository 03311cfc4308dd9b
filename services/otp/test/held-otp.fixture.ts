// The otp service with its queue held for ever: what `open` committed is never enqueued by this process.
import { describeService, parseEnvironment, runUntilSignal, withDataDirectory } from '@watchword/platform';
import { composeOtp, otpVariables } from '../src/index.ts';

const environment = withDataDirectory(process.env, Object.keys(otpVariables.shape));
const heldQueue = {
  enqueue: ({ id }: { readonly id: string }) => {
    process.stdout.write(`held ${id}\n`);
    return new Promise<never>(() => undefined);
  },
};

await runUntilSignal(
  () => composeOtp(parseEnvironment(otpVariables, environment), { wrapQueue: () => heldQueue }),
  describeService,
);

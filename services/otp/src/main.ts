import { describeService, parseEnvironment, runUntilSignal, withDataDirectory } from '@watchword/platform';
import { composeOtp } from './compose.ts';
import { otpVariables } from './config.ts';

await runUntilSignal(
  () => composeOtp(parseEnvironment(otpVariables, withDataDirectory(process.env, Object.keys(otpVariables.shape)))),
  describeService,
);

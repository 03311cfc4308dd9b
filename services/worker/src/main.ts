import { describeService, parseEnvironment, runUntilSignal, withDataDirectory } from '@watchword/platform';
import { composeWorker } from './compose.ts';
import { workerVariables } from './config.ts';

await runUntilSignal(() => {
  const environment = withDataDirectory(process.env, Object.keys(workerVariables.shape));
  return composeWorker(parseEnvironment(workerVariables, environment));
}, describeService);

import { describeService, parseEnvironment, runUntilSignal, withDataDirectory } from '@watchword/platform';
import { composeGateway } from './compose.ts';
import { gatewayVariables } from './config.ts';

await runUntilSignal(async () => {
  const environment = withDataDirectory(process.env, Object.keys(gatewayVariables.shape));
  return composeGateway(parseEnvironment(gatewayVariables, environment));
}, describeService);

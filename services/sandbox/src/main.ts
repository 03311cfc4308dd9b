import { describeService, parseEnvironment, runUntilSignal } from '@watchword/platform';
import { composeSandbox } from './compose.ts';
import { sandboxVariables } from './config.ts';

await runUntilSignal(async () => composeSandbox(parseEnvironment(sandboxVariables, process.env)), describeService);

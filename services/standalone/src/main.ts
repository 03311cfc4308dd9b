import { parseEnvironment, runUntilSignal } from '@watchword/platform';
import { composeStandalone } from './compose.ts';
import { standaloneVariables } from './config.ts';
import { describeStandalone } from './first-call.ts';

const progress = (line: string) => process.stderr.write(`${line}\n`);

await runUntilSignal(
  () => composeStandalone(parseEnvironment(standaloneVariables, process.env), process.env, progress),
  ({ file }) => describeStandalone(file),
);

import { join } from 'node:path';
import {
  dataDirectoryOf,
  describeService,
  parseEnvironment,
  runUntilSignal,
  withDataDirectory,
} from '@watchword/platform';
import { composeConsole } from './compose.ts';
import { consoleVariables } from './config.ts';

await runUntilSignal(() => {
  const environment = withDataDirectory(process.env, Object.keys(consoleVariables.shape));
  const isPlaced = environment.MONGODB_URL || environment.RECORDS_FILE;
  const place = isPlaced ? {} : { RECORDS_FILE: join(dataDirectoryOf(environment), 'records.db') };
  return composeConsole(parseEnvironment(consoleVariables, { ...environment, ...place }));
}, describeService);

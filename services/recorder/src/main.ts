import { join } from 'node:path';
import {
  dataDirectoryOf,
  describeService,
  parseEnvironment,
  runUntilSignal,
  withDataDirectory,
} from '@watchword/platform';
import { composeRecorder } from './compose.ts';
import { recorderVariables } from './config.ts';

await runUntilSignal(() => {
  const environment = withDataDirectory(process.env, Object.keys(recorderVariables.shape));
  const isPlaced = environment.MONGODB_URL || environment.RECORDS_FILE;
  const place = isPlaced ? {} : { RECORDS_FILE: join(dataDirectoryOf(environment), 'records.db') };
  return composeRecorder(parseEnvironment(recorderVariables, { ...environment, ...place }));
}, describeService);

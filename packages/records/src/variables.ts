import { type Secret, StartupError, secretVariable } from '@watchword/platform';
import { z } from 'zod';

/** What every service that opens the records reads. */
export const recordsVariables = {
  MONGODB_URL: secretVariable()
    .optional()
    .describe('MongoDB of the records, `mongodb://host:27017/name`; instead of `RECORDS_FILE`'),
  RECORDS_FILE: z
    .string()
    .optional()
    .describe(
      'SQLite file of the records, for one host; without either, otp forgets an ended verification with its time in Redis',
    ),
};

/** Where the records are. */
export type RecordsTarget = { readonly url: Secret } | { readonly file: string };

/** What `recordsVariables` reads. */
export interface RecordsConfig {
  readonly MONGODB_URL?: Secret | undefined;
  readonly RECORDS_FILE?: string | undefined;
}

/** Null when neither is set. @throws StartupError when both are. */
export function recordsTarget({ MONGODB_URL: url, RECORDS_FILE: file }: RecordsConfig): RecordsTarget | null {
  if (url && file)
    throw new StartupError('Configuration: MONGODB_URL and RECORDS_FILE are both set, and the records have one place.');
  if (url) return { url };
  return file ? { file } : null;
}

/** For who cannot do without. @throws StartupError when not exactly one is set. */
export function requiredRecordsTarget(config: RecordsConfig): RecordsTarget {
  const target = recordsTarget(config);
  if (!target) throw new StartupError('Configuration: MONGODB_URL or RECORDS_FILE is required.');
  return target;
}

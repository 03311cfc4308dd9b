import { commonVariables, integerVariable, keyRingVariable, keyVariable } from '@watchword/platform';
import { recordsVariables } from '@watchword/records';
import { z } from 'zod';
import { noticeVariables } from './notices/config.ts';

const CRON = /^(\S+\s+){4,5}\S+$/;

/** The recorder's slice of the environment. */
export const recorderVariables = z.object({
  ...commonVariables,
  SEAL_KEY: keyRingVariable().describe('Opens destinations, to index them; a ring of keys'),
  INDEX_KEY: keyRingVariable().describe(
    'Blind index of destinations in the records, 32 bytes base64url; a ring of keys',
  ),
  ID_KEY: keyVariable().describe('Finds in Redis the verifications of a destination that is to be forgotten'),
  ...recordsVariables,
  RECORDS_RETENTION_DAYS: integerVariable(1, 3_650)
    .prefault('30')
    .describe('Verifications opened longer ago are deleted, with all that belongs to them'),
  RETENTION_CRON: z
    .string()
    .regex(CRON, 'must be a cron pattern, e.g. 0 2 * * *')
    .default('0 2 * * *')
    .describe('When they are deleted, UTC'),
  ...noticeVariables,
});

export type RecorderConfig = z.infer<typeof recorderVariables>;

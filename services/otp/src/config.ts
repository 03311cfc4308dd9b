import { circuitVariables, receiptVariables, signingVariables } from '@watchword/delivery';
import { commonVariables, integerVariable, keyRingVariable, keyVariable, portVariable } from '@watchword/platform';
import { recordsVariables } from '@watchword/records';
import { z } from 'zod';

const pacing = z
  .string()
  .regex(/^\d{1,6}(,\d{1,6}){0,19}$/, 'must be seconds separated by commas, e.g. 60,60,90,120')
  .transform((text) => text.split(',').map(Number));

/** The otp service's slice of the environment. */
export const otpVariables = z.object({
  ...commonVariables,
  OTP_PORT: portVariable().prefault('8081').describe('Port of the signed hop; 0 = any free port'),
  PEPPER: keyRingVariable().describe('Secret of the code digests, 32 bytes base64url; a ring of keys'),
  SEAL_KEY: keyRingVariable().describe('Seals codes and destinations at rest, 32 bytes base64url; a ring of keys'),
  ID_KEY: keyVariable().describe('Makes ids and names Redis keys; never change it, 32 bytes base64url'),
  HOP_KEY: keyVariable().describe('Signs the hop gateway → otp, 32 bytes base64url'),
  TOKEN_KEY: keyRingVariable().describe('Signs approval tokens: Ed25519 seeds, 32 bytes base64url; a ring of keys'),
  TOKEN_ISSUER: z
    .string()
    .max(200)
    .default('watchword')
    .describe('`iss` of approval tokens; those with another one are not valid'),
  TOKEN_TTL_SECONDS: integerVariable(1, 86_400)
    .prefault('600')
    .describe('Life of an approval token; at most `ENDED_RETENTION_SECONDS` counts'),
  CODE_LENGTH: integerVariable(6, 10).prefault('6').describe('Characters of a code, 6–10'),
  CODE_ALPHABET: z
    .enum(['digits', 'alphanumeric'])
    .default('digits')
    .describe('`alphanumeric` leaves out look-alikes (0 O 1 I L)'),
  CODE_TTL_SECONDS: integerVariable(1, 600).prefault('300').describe('Life of a code'),
  CHECKS_MAX: integerVariable(1, 10).prefault('3').describe('Checks per verification, over all its codes'),
  SENDS_MAX: integerVariable(1, 10_000).prefault('5').describe('Codes per destination and purpose in the window'),
  SENDS_WINDOW_SECONDS: integerVariable(1, 86_400).prefault('600').describe('The window of `SENDS_MAX`'),
  PACING_SECONDS: pacing.prefault('60,60,90,120').describe('Waits after the 1st, 2nd … code; the last one repeats'),
  RESEND_MODE: z
    .enum(['overlap', 'rotate'])
    .default('overlap')
    .describe('`overlap`: the last 3 codes stay valid; `rotate`: only the last (always so for `transaction`)'),
  STREAK_FREE_CHECKS: integerVariable(0, 1_000_000)
    .prefault('9')
    .describe(
      'Wrong checks in a row for a destination and purpose before checks must wait; at 100 they are locked whatever this says',
    ),
  ENDED_RETENTION_SECONDS: integerVariable(1, 2_592_000)
    .prefault('86400')
    .describe('How long an ended verification stays in Redis; after that the records answer for it'),
  ...recordsVariables,
  CODE_DIGEST_MEMORY_KIB: integerVariable(8, 65_536).prefault('1024').describe('Argon2id memory per digest'),
  ...receiptVariables,
  ...circuitVariables,
  ...signingVariables,
});

export type OtpConfig = z.infer<typeof otpVariables>;

import type { Mode } from '@watchword/contracts';
import { Secret, secretVariable } from '@watchword/platform';
import { z } from 'zod';
import { baseUrlVariable, wholeCredentials } from '../credentials.ts';

/** Vonage's part of the environment. */
export const vonageVariables = {
  VONAGE_API_KEY: z
    .string()
    .regex(/^[0-9A-Za-z]{4,32}$/, 'must be 4 to 32 letters and digits')
    .optional()
    .describe('Vonage account; without credentials Vonage is the sandbox, for test keys'),
  VONAGE_API_SECRET: secretVariable().optional().describe('Its API secret'),
  VONAGE_FROM: z
    .string()
    .regex(/^(\+?[1-9]\d{2,14}|[A-Za-z0-9 ]{1,11})$/, 'must be a number or a sender name')
    .optional()
    .describe('Sender: a number or a sender name'),
  VONAGE_BASE_URL: baseUrlVariable().optional().describe("Another base URL than Vonage's own"),
};
export type VonageVariables = z.infer<z.ZodObject<typeof vonageVariables>>;

export interface VonageConfig {
  readonly mode: Mode;
  readonly apiKey: string;
  readonly apiSecret: Secret;
  readonly from: string;
  readonly baseUrl: string;
  /** Vonage's SDK has no time-out of its own unless told. */
  readonly timeoutMs: number;
}

const VONAGE_URL = 'https://rest.nexmo.com';

/** The account that the variables name (`live`), or a made-up one at the sandbox (`test`). */
export function resolveVonageConfig(variables: VonageVariables, sandboxUrl: string, timeoutMs: number): VonageConfig {
  const { VONAGE_API_KEY, VONAGE_API_SECRET, VONAGE_FROM, VONAGE_BASE_URL } = variables;
  const whole = wholeCredentials({ VONAGE_API_KEY, VONAGE_API_SECRET, VONAGE_FROM }, { VONAGE_BASE_URL });
  if (!whole) {
    return {
      mode: 'test',
      apiKey: 'sandbox',
      apiSecret: new Secret('sandbox'),
      from: 'Watchword',
      baseUrl: sandboxUrl,
      timeoutMs,
    };
  }
  return {
    mode: 'live',
    apiKey: whole.VONAGE_API_KEY,
    apiSecret: whole.VONAGE_API_SECRET,
    from: whole.VONAGE_FROM.replace(/^\+/, ''),
    baseUrl: VONAGE_BASE_URL ?? VONAGE_URL,
    timeoutMs,
  };
}

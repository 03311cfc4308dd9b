import type { Mode } from '@watchword/contracts';
import { Secret, secretVariable } from '@watchword/platform';
import { z } from 'zod';
import { baseUrlVariable, wholeCredentials } from '../credentials.ts';

/** Twilio's part of the environment. */
export const twilioVariables = {
  TWILIO_ACCOUNT_SID: z
    .string()
    .regex(/^AC[0-9a-fA-F]{32}$/, 'must be AC and 32 hex digits')
    .optional()
    .describe('Twilio account; without credentials Twilio is the sandbox, for test keys'),
  TWILIO_AUTH_TOKEN: secretVariable().optional().describe('Its auth token'),
  TWILIO_FROM: z
    .string()
    .regex(/^(\+[1-9]\d{4,14}|\d{3,8}|MG[0-9a-fA-F]{32}|[A-Za-z0-9 ]{1,11})$/, 'must be a number, a sender name or MG…')
    .optional()
    .describe('Sender: a number, a sender name or a messaging service (`MG…`)'),
  TWILIO_BASE_URL: baseUrlVariable().optional().describe("Another base URL than Twilio's own"),
};
export type TwilioVariables = z.infer<z.ZodObject<typeof twilioVariables>>;

export interface TwilioConfig {
  readonly mode: Mode;
  readonly accountSid: string;
  readonly authToken: Secret;
  /** A number, a sender name, or a messaging service's `MG…`. */
  readonly from: string;
  readonly baseUrl: string;
}

const TWILIO_URL = 'https://api.twilio.com';

/** The account that the variables name (`live`), or a made-up one at the sandbox (`test`). */
export function resolveTwilioConfig(variables: TwilioVariables, sandboxUrl: string): TwilioConfig {
  const { TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM, TWILIO_BASE_URL } = variables;
  const whole = wholeCredentials({ TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM }, { TWILIO_BASE_URL });
  if (!whole) {
    return {
      mode: 'test',
      accountSid: `AC${'0'.repeat(32)}`,
      authToken: new Secret('sandbox'),
      from: '+15005550006',
      baseUrl: sandboxUrl,
    };
  }
  return {
    mode: 'live',
    accountSid: whole.TWILIO_ACCOUNT_SID,
    authToken: whole.TWILIO_AUTH_TOKEN,
    from: whole.TWILIO_FROM,
    baseUrl: TWILIO_BASE_URL ?? TWILIO_URL,
  };
}

import {
  API_KEY_PATTERN,
  commonVariables,
  integerVariable,
  keyVariable,
  portVariable,
  Secret,
} from '@watchword/platform';
import { z } from 'zod';

const REQUEST_TIMEOUT_MAX_MS = 900; // with the hop's grace still an answer in under a second

export const gatewayVariables = z.object({
  ...commonVariables,
  GATEWAY_PORT: portVariable().prefault('8080').describe('Port of the public API; 0 = any free port'),
  OTP_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http URL' })
    .default('http://127.0.0.1:8081')
    .describe('Base URL of the otp service'),
  CONSOLE_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http URL' })
    .default('http://127.0.0.1:8083')
    .describe('Base URL of the console service; without one management calls are answered 503'),
  HOP_KEY: keyVariable().describe(
    'Signs the hop from the gateway to otp and to the console; the same in all; an `Idempotency-Key` is remembered under a key derived from it',
  ),
  API_KEY: z
    .string()
    .regex(API_KEY_PATTERN, 'must be ww_test_ or ww_live_ and 22 to 64 letters or digits')
    .transform((text) => new Secret(text))
    .optional()
    .describe('The root key: it may do everything in the project `default`; `ww_test_…` reaches only the sandbox'),
  PROJECT_SENDS_PER_HOUR: integerVariable(0, 1_000_000_000)
    .prefault('1000')
    .describe('Opens and resends that a project may make in an hour, unless it has a limit of its own; 0 = no limit'),
  USER_SENDS_PER_MINUTE: integerVariable(0, 1_000_000_000)
    .prefault('1')
    .describe('The same for one `client.user_id`, in a minute'),
  IP_SENDS_PER_HOUR: integerVariable(0, 1_000_000_000)
    .prefault('10')
    .describe('The same for one `client.ip` (of an IPv6 address its first 64 bits), in an hour'),
  MANAGEMENT_CALLS_PER_15_MIN: integerVariable(0, 1_000_000_000)
    .prefault('100')
    .describe('Management calls that an address may make in 15 minutes; 0 = no limit'),
  REQUEST_TIMEOUT_MS: integerVariable(50, REQUEST_TIMEOUT_MAX_MS)
    .prefault('800')
    .describe('A call that took longer is answered 503 and refused wherever it arrives later'),
});

export type GatewayConfig = z.infer<typeof gatewayVariables>;

import { commonVariables, portVariable } from '@watchword/platform';
import { z } from 'zod';

/** The sandbox's slice of the environment. It needs no Redis and holds no secret. */
export const sandboxVariables = z.object({
  SANDBOX_PORT: portVariable().prefault('8025').describe('Simulated carriers and browser inbox; 0 = any free port'),
  SANDBOX_SMTP_PORT: portVariable().prefault('8026').describe('Simulated mail relay; 0 = any free port'),
  SANDBOX_CALLBACK_HOSTS: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((host) => host.trim() || []))
    .describe('Hosts, by commas, that receipts may go to; this machine’s loopback always'),
  // As the worker and otp read it: Meta and WATI call one URL per account, which no send names.
  RECEIPTS_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe('Public base URL of the gateway, as providers reach it'),
  LISTEN_HOST: commonVariables.LISTEN_HOST,
  ADMIN_PORT: commonVariables.ADMIN_PORT,
  LOG_LEVEL: commonVariables.LOG_LEVEL,
  STOP_GRACE_SECONDS: commonVariables.STOP_GRACE_SECONDS,
  DEBUG: commonVariables.DEBUG,
});

export type SandboxConfig = z.infer<typeof sandboxVariables>;

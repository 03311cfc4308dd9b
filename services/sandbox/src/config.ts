import { commonVariables, portVariable } from '@watchword/platform';
import { z } from 'zod';

/** The sandbox's slice of the environment. It needs no Redis and holds no secret. */
export const sandboxVariables = z.object({
  SANDBOX_PORT: portVariable().prefault('8025').describe('Simulated carriers and browser inbox; 0 = any free port'),
  LISTEN_HOST: commonVariables.LISTEN_HOST,
  ADMIN_PORT: commonVariables.ADMIN_PORT,
  LOG_LEVEL: commonVariables.LOG_LEVEL,
  DEBUG: commonVariables.DEBUG,
});

export type SandboxConfig = z.infer<typeof sandboxVariables>;

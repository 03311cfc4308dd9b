import { commonVariables } from '@watchword/platform';
import { z } from 'zod';

export const STANDALONE_SERVICES = ['sandbox', 'recorder', 'worker', 'otp', 'console', 'gateway'] as const;
export type StandaloneService = (typeof STANDALONE_SERVICES)[number];

const services = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()))
  .pipe(z.array(z.enum(STANDALONE_SERVICES, { error: `must be of ${STANDALONE_SERVICES.join(', ')}` })));

/** What standalone reads beside its services' own variables. */
export const standaloneVariables = z.object({
  DATA_DIR: z.string().default('.data').describe('Keys, the private Redis, the records and `standalone.json`'),
  REDIS_URL: commonVariables.REDIS_URL.optional().describe(
    'A Redis ≥ 7 of your own; a private one is started without it',
  ),
  STOP_GRACE_SECONDS: commonVariables.STOP_GRACE_SECONDS,
  STANDALONE_SERVICES: services
    .prefault(STANDALONE_SERVICES.join(','))
    .describe('Which services run here; the others are started alone, by `npm run start:<service>`'),
});

export type StandaloneConfig = z.infer<typeof standaloneVariables>;

import { CONFIGURED_CHANNELS } from '@watchword/contracts';
import { commonVariables, keyRingVariable, keyVariable, portVariable } from '@watchword/platform';
import { recordsVariables } from '@watchword/records';
import { z } from 'zod';

const channels = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()))
  .pipe(z.array(z.enum(CONFIGURED_CHANNELS, { error: `must be of ${CONFIGURED_CHANNELS.join(', ')}` })));

/** The console's slice of the environment. */
export const consoleVariables = z.object({
  ...commonVariables,
  CONSOLE_PORT: portVariable().prefault('8083').describe('Port of the console’s signed hop; 0 = any free port'),
  HOP_KEY: keyVariable().describe('Signs the hop from the gateway, 32 bytes base64url'),
  SEAL_KEY: keyRingVariable().describe(
    'Seals provider credentials and number lists, 32 bytes base64url; a ring of keys',
  ),
  INDEX_KEY: keyRingVariable().describe('Finds destinations in the records, 32 bytes base64url; a ring of keys'),
  ...recordsVariables,
  PLATFORM_CHANNELS: channels
    .prefault('sms')
    .describe('Channels that the platform’s own providers carry, by commas; a workflow may use them without more'),
});

export type ConsoleConfig = z.infer<typeof consoleVariables>;

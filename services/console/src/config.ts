import { channelProviderVariables, whatsappWebVariables } from '@watchword/delivery';
import { commonVariables, keyRingVariable, keyVariable, portVariable } from '@watchword/platform';
import { recordsVariables } from '@watchword/records';
import { z } from 'zod';

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
  ...channelProviderVariables,
  ...whatsappWebVariables,
});

export type ConsoleConfig = z.infer<typeof consoleVariables>;

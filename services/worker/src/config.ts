import { CHANNELS } from '@watchword/contracts';
import {
  baseUrlVariable,
  CIRCUIT_DEFAULTS,
  channelProviderVariables,
  circuitVariables,
  providerVariables,
  receiptVariables,
  whatsappWebVariables,
} from '@watchword/delivery';
import { commonVariables, integerVariable, keyRingVariable, keyVariable } from '@watchword/platform';
import { z } from 'zod';

const namesVariable = <const N extends string>(names: readonly N[]) =>
  z
    .string()
    .regex(/^[a-z_]+(,[a-z_]+)*$/, 'must be names separated by commas')
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(names, `must name ${names.join(', ')}`)))
    .refine((given) => new Set(given).size === given.length, 'must name each once');

/** The worker's slice of the environment. */
export const workerVariables = z.object({
  ...commonVariables,
  SEAL_KEY: keyRingVariable().describe('Seals codes and destinations at rest (AES-256-GCM); a ring of keys'),
  ID_KEY: keyVariable().describe('Makes and reads verification ids'),
  WORKER_CHANNELS: namesVariable(CHANNELS)
    .prefault(CHANNELS.join(','))
    .describe('Channels whose deliveries this worker takes, by commas'),
  WORKER_CONCURRENCY: integerVariable(1, 1_000)
    .prefault('50')
    .describe('Deliveries of each channel that one worker runs at a time'),
  PROVIDER_TIMEOUT_MS: integerVariable(100, 60_000)
    .prefault('5000')
    .describe('Longest wait for a provider; past it the outcome is unknown'),
  PROVIDER_SLOW_MS: integerVariable(100, 60_000)
    .prefault(String(CIRCUIT_DEFAULTS.slowMs))
    .describe('A provider call that was accepted but took longer counts as slow; half of them slow open its circuit'),
  ...circuitVariables,
  ...channelProviderVariables,
  SANDBOX_URL: baseUrlVariable()
    .prefault('http://127.0.0.1:8025')
    .describe('The sandbox, which stands in for a provider without credentials'),
  SANDBOX_SMTP_URL: z
    .url({ protocol: /^smtp$/, error: 'must be smtp://host:port' })
    .prefault('smtp://127.0.0.1:8026')
    .describe('Its mail relay'),
  ...receiptVariables,
  ...providerVariables,
  ...whatsappWebVariables,
});

export type WorkerConfig = z.infer<typeof workerVariables>;

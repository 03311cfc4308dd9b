import {
  baseUrlVariable,
  CIRCUIT_DEFAULTS,
  circuitVariables,
  kindsFor,
  providerVariables,
  receiptVariables,
} from '@watchword/delivery';
import { commonVariables, integerVariable, keyRingVariable, keyVariable } from '@watchword/platform';
import { z } from 'zod';

const SMS_PROVIDERS = kindsFor('sms');

/** The worker's slice of the environment. */
export const workerVariables = z.object({
  ...commonVariables,
  SEAL_KEY: keyRingVariable().describe('Seals codes and destinations at rest (AES-256-GCM); a ring of keys'),
  ID_KEY: keyVariable().describe('Makes and reads verification ids'),
  WORKER_CONCURRENCY: integerVariable(1, 1_000).prefault('50').describe('Deliveries one worker runs at a time'),
  PROVIDER_TIMEOUT_MS: integerVariable(100, 60_000)
    .prefault('5000')
    .describe('Longest wait for a provider; past it the outcome is unknown'),
  PROVIDER_SLOW_MS: integerVariable(100, 60_000)
    .prefault(String(CIRCUIT_DEFAULTS.slowMs))
    .describe('A provider call that was accepted but took longer counts as slow; half of them slow open its circuit'),
  ...circuitVariables,
  SMS_PROVIDERS: z
    .string()
    .regex(/^[a-z]+(,[a-z]+)*$/, 'must be names separated by commas')
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(SMS_PROVIDERS, `must name ${SMS_PROVIDERS.join(', ')}`)))
    .refine((names) => new Set(names).size === names.length, 'must name each provider once')
    .prefault('twilio,vonage')
    .describe('SMS providers in order of preference, primary first'),
  SANDBOX_URL: baseUrlVariable()
    .prefault('http://127.0.0.1:8025')
    .describe('The sandbox, which stands in for a provider without credentials'),
  ...receiptVariables,
  ...providerVariables,
});

export type WorkerConfig = z.infer<typeof workerVariables>;

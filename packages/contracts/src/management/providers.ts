import { z } from 'zod';
import { CHANNELS } from '../channels.ts';
import { MODES } from '../hop.ts';
import type { ManagedCall } from '../managed-call.ts';
import { countrySchema, PROVIDER_KINDS } from '../project-config.ts';
import {
  datedSchema,
  emptyBodySchema,
  idParamsSchema,
  lineSchema,
  linesSchema,
  nameSchema,
  nothingSchema,
  pageOf,
  pageQuerySchema,
} from './paging.ts';

export const PROVIDERS_MAX = 50;
const COUNTRIES_MAX = 300;
const COST_KEY_FORM = 'must be two capital letters (ISO 3166-1), a calling code such as +1, or *';

const FIELDS_MAX = 20;
const fieldsOf = (value: z.ZodString) =>
  z
    .record(z.string().min(1).max(64), value)
    .refine((given) => Object.keys(given).length <= FIELDS_MAX, `must have at most ${FIELDS_MAX} fields`)
    .meta({ maxProperties: FIELDS_MAX });
const costs = z
  .record(z.union([countrySchema, z.literal('*')]), z.int().min(0).max(1_000_000_000), {
    error: ({ code }) => (code === 'invalid_key' ? COST_KEY_FORM : undefined),
  })
  .refine((given) => Object.keys(given).length <= COUNTRIES_MAX, `must have at most ${COUNTRIES_MAX} fields`)
  .meta({ maxProperties: COUNTRIES_MAX })
  .describe('Millionths of the platform’s currency for one message: by country, `*` for all others');
const settings = fieldsOf(lineSchema.max(512)).describe(
  'By kind, named as the platform’s own variables without the kind’s name: `TWILIO_FROM` is `from`. A `base_url` is a public https address and a `host` a public one: private, loopback and link-local addresses are refused when it is saved, and again when a message is sent',
);
/** A private key has lines. */
const credentials = fieldsOf(linesSchema.max(4_096)).describe(
  'By kind, named likewise: `TWILIO_AUTH_TOKEN` is `auth_token`. Nothing shows them again',
);
const sendsPerSecond = z
  .int()
  .min(1)
  .max(10_000)
  .nullable()
  .describe('Messages that it may get in a second, from all workers together; null = as many as there are');

export const providerSchema = z
  .object({
    ...datedSchema,
    name: z.string(),
    kind: z.enum(PROVIDER_KINDS),
    mode: z.enum(MODES),
    status: z.enum(['enabled', 'draining']).describe('A draining provider gets no new message'),
    settings: z.record(z.string(), z.string()),
    credentials_set: z.array(z.string()).describe('Names of the credentials that are kept'),
    cost_micros: z.record(z.string(), z.int()),
    sends_per_second: sendsPerSecond,
    channels: z.array(z.enum(CHANNELS)).describe('That its kind carries'),
    receipts_path: z
      .string()
      .nullable()
      .describe(
        'What its kind is to be told to call with receipts, below the gateway’s public URL; null where each message says so, or nothing is told',
      ),
  })
  .meta({ id: 'Provider' });
export type Provider = z.infer<typeof providerSchema>;

export const createProviderSchema = z
  .strictObject({
    name: nameSchema,
    kind: z.enum(PROVIDER_KINDS),
    mode: z.enum(MODES).describe('`test`: this kind’s wire in the sandbox, which needs no settings and no credentials'),
    settings: settings.optional(),
    credentials: credentials.optional(),
    cost_micros: costs.optional(),
    sends_per_second: sendsPerSecond.optional(),
  })
  .meta({ id: 'CreateProvider' });
export type CreateProvider = z.infer<typeof createProviderSchema>;

export const changeProviderSchema = z
  .strictObject({
    name: nameSchema.optional(),
    settings: settings.optional().describe('In place of all settings that it has'),
    credentials: credentials.optional().describe('In place of all credentials that it has'),
    cost_micros: costs.optional().describe('In place of all costs that it has'),
    sends_per_second: sendsPerSecond.optional(),
  })
  .meta({ id: 'ChangeProvider' });
export type ChangeProvider = z.infer<typeof changeProviderSchema>;
export const providerPageSchema = pageOf('ProviderPage', providerSchema);

const reading = { tag: 'Providers', scope: 'config:read', method: 'GET', status: 200 } as const;
const writing = { tag: 'Providers', scope: 'config:write' } as const;
const LIVE_NEEDS_LIVE = 'A `live` provider needs a `live` key, or scope `platform`.';
const all = { path: '/v1/providers' } as const;
const one = { path: '/v1/providers/:id', params: idParamsSchema } as const;
const switching = {
  ...writing,
  method: 'POST',
  params: idParamsSchema,
  body: emptyBodySchema,
  status: 200,
  answer: providerSchema,
  errors: ['not_found'],
} as const;

export const PROVIDER_CALLS = [
  {
    ...writing,
    ...all,
    operationId: 'createProvider',
    summary: 'Add an account at a provider',
    description: LIVE_NEEDS_LIVE,
    method: 'POST',
    body: createProviderSchema,
    status: 201,
    answer: providerSchema,
    errors: ['already_exists', 'limit_reached'],
  },
  {
    ...reading,
    ...all,
    operationId: 'listProviders',
    summary: 'List the providers',
    query: pageQuerySchema,
    answer: providerPageSchema,
    errors: [],
  },
  {
    ...reading,
    ...one,
    operationId: 'readProvider',
    summary: 'Read a provider',
    answer: providerSchema,
    errors: ['not_found'],
  },
  {
    ...writing,
    ...one,
    operationId: 'changeProvider',
    summary: 'Change a provider',
    description: LIVE_NEEDS_LIVE,
    method: 'PATCH',
    body: changeProviderSchema,
    status: 200,
    answer: providerSchema,
    needsIfMatch: true,
    errors: ['not_found', 'precondition_failed', 'already_exists'],
  },
  {
    ...writing,
    ...one,
    operationId: 'deleteProvider',
    summary: 'Delete a provider that nothing uses',
    description: LIVE_NEEDS_LIVE,
    method: 'DELETE',
    status: 204,
    answer: nothingSchema,
    needsIfMatch: true,
    errors: ['not_found', 'precondition_failed', 'in_use'],
  },
  {
    ...switching,
    operationId: 'drainProvider',
    summary: 'Give a provider no new messages',
    description: 'A stop in an emergency: any key with the scope may.',
    path: '/v1/providers/:id/drain',
  },
  {
    ...switching,
    operationId: 'enableProvider',
    summary: 'Give a provider messages again',
    description: LIVE_NEEDS_LIVE,
    path: '/v1/providers/:id/enable',
  },
] as const satisfies readonly ManagedCall[];

import { z } from 'zod';
import { MODES } from '../hop.ts';
import type { ManagedCall } from '../managed-call.ts';
import { countrySchema, PROVIDER_KINDS } from '../project-config.ts';
import {
  datedSchema,
  emptyBodySchema,
  idParamsSchema,
  lineSchema,
  nameSchema,
  nothingSchema,
  pageOf,
  pageQuerySchema,
} from './paging.ts';

export const PROVIDERS_MAX = 50;
const COUNTRIES_MAX = 300;
const COST_KEY_FORM = 'must be two capital letters (ISO 3166-1), a calling code such as +1, or *';

const fields = z
  .record(z.string().min(1).max(64), lineSchema.max(512))
  .refine((given) => Object.keys(given).length <= 20, 'must have at most 20 fields')
  .meta({ maxProperties: 20 });
const costs = z
  .record(z.union([countrySchema, z.literal('*')]), z.int().min(0).max(1_000_000_000), {
    error: ({ code }) => (code === 'invalid_key' ? COST_KEY_FORM : undefined),
  })
  .refine((given) => Object.keys(given).length <= COUNTRIES_MAX, `must have at most ${COUNTRIES_MAX} fields`)
  .meta({ maxProperties: COUNTRIES_MAX })
  .describe('Millionths of the platform’s currency for one message: by country, `*` for all others');
const settings = fields.describe(
  'By kind: `twilio` has `account_sid` and `from`; `vonage` has `api_key`, `from` and perhaps `signature_method`',
);
const credentials = fields.describe(
  'By kind: `twilio` has `auth_token`; `vonage` has `api_secret` and perhaps `signature_secret`. Nothing shows them again',
);

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
  })
  .meta({ id: 'CreateProvider' });
export type CreateProvider = z.infer<typeof createProviderSchema>;

export const changeProviderSchema = z
  .strictObject({
    name: nameSchema.optional(),
    settings: settings.optional().describe('In place of all settings that it has'),
    credentials: credentials.optional().describe('In place of all credentials that it has'),
    cost_micros: costs.optional().describe('In place of all costs that it has'),
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

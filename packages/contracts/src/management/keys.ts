import { z } from 'zod';
import { MODES } from '../hop.ts';
import type { ManagedCall } from '../managed-call.ts';
import { SCOPES } from '../scopes.ts';
import {
  datedSchema,
  givenTimeSchema,
  idParamsSchema,
  nameSchema,
  nothingSchema,
  pageOf,
  pageQuerySchema,
  timestampSchema,
} from './paging.ts';

/** Valid keys that a project may have at a time. */
export const KEYS_MAX = 100;
const OVERLAP_SECONDS_MAX = 30 * 86_400;

const EXPIRES_AT = 'From then on the key is refused; null = never';
const expiresAt = givenTimeSchema.nullable();

export const apiKeySchema = z
  .object({
    ...datedSchema,
    project: z.string(),
    name: z.string(),
    hint: z.string().describe('Its first characters, to know it by'),
    mode: z.enum(MODES),
    scopes: z.array(z.enum(SCOPES)),
    status: z.enum(['valid', 'expired', 'revoked']),
    expires_at: timestampSchema.nullable().describe(EXPIRES_AT),
    revoked_at: timestampSchema.nullable(),
    replaced_by: z.string().nullable().describe('The key that took its place'),
    created_by: z.string(),
    last_used_at: timestampSchema.nullable().describe('To about a minute; null = never, as far as is known'),
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.infer<typeof apiKeySchema>;

/** Nobody can read the key again: only its digest is kept. */
export const newApiKeySchema = apiKeySchema
  .extend({ key: z.string().describe('The key itself, this once') })
  .meta({ id: 'NewApiKey' });
export type NewApiKey = z.infer<typeof newApiKeySchema>;

const project = z.string().max(64).optional().describe('Another project than the caller’s own: needs scope `platform`');

export const createKeySchema = z
  .strictObject({
    name: nameSchema,
    mode: z.enum(MODES).describe('A key of mode `test` reaches the sandbox only'),
    scopes: z
      .array(z.enum(SCOPES))
      .min(1)
      .max(SCOPES.length)
      .refine((scopes) => new Set(scopes).size === scopes.length, 'must name each scope once')
      .describe('At most those of the key that asks'),
    expires_at: expiresAt.optional().describe(EXPIRES_AT),
    project,
  })
  .meta({ id: 'CreateKey' });
export type CreateKey = z.infer<typeof createKeySchema>;

export const changeKeySchema = z
  .strictObject({ name: nameSchema.optional(), expires_at: expiresAt.optional().describe(EXPIRES_AT) })
  .meta({ id: 'ChangeKey' });
export type ChangeKey = z.infer<typeof changeKeySchema>;

export const rotateKeySchema = z
  .strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(OVERLAP_SECONDS_MAX)
      .default(86_400)
      .describe('How long the old key stays valid beside the new one'),
    expires_at: expiresAt.optional().describe('Of the new key; without it that of the old one'),
  })
  .meta({ id: 'RotateKey' });
export type RotateKey = z.infer<typeof rotateKeySchema>;

export const keyQuerySchema = pageQuerySchema.extend({ project });
export type KeyQuery = z.infer<typeof keyQuerySchema>;
export const keyPageSchema = pageOf('ApiKeyPage', apiKeySchema);

const reading = { tag: 'Keys', scope: 'config:read', orScope: 'keys:write', method: 'GET', status: 200 } as const;
const writing = { tag: 'Keys', scope: 'keys:write' } as const;
const OF_ANY_PROJECT = 'With scope `platform`, of whichever project the key is.';
const one = { path: '/v1/keys/:id', params: idParamsSchema } as const;

export const KEY_CALLS = [
  {
    ...writing,
    operationId: 'createKey',
    summary: 'Make an API key',
    description:
      'The answer is the only place where the key is shown. A caller grants no scope that it lacks, and a test key grants no live key unless it has scope `platform`.',
    method: 'POST',
    path: '/v1/keys',
    body: createKeySchema,
    status: 201,
    answer: newApiKeySchema,
    errors: ['limit_reached', 'not_found'],
  },
  {
    ...reading,
    operationId: 'listKeys',
    summary: 'List the keys',
    path: '/v1/keys',
    query: keyQuerySchema,
    answer: keyPageSchema,
    errors: ['not_found'],
  },
  {
    ...reading,
    ...one,
    operationId: 'readKey',
    summary: 'Read what is known of a key',
    description: OF_ANY_PROJECT,
    answer: apiKeySchema,
    errors: ['not_found'],
  },
  {
    ...writing,
    ...one,
    operationId: 'changeKey',
    summary: 'Change a key’s name or its end',
    description: `Whoever could not have made the key, for want of a scope or of live mode, may only let it end sooner. ${OF_ANY_PROJECT}`,
    method: 'PATCH',
    body: changeKeySchema,
    status: 200,
    answer: apiKeySchema,
    needsIfMatch: true,
    errors: ['not_found', 'precondition_failed', 'not_active'],
  },
  {
    ...writing,
    operationId: 'rotateKey',
    summary: 'Put a new key in the place of one',
    description: `Both are valid during the overlap. The new one has the same mode and scopes, which the caller must have. ${OF_ANY_PROJECT}`,
    method: 'POST',
    path: '/v1/keys/:id/rotate',
    params: idParamsSchema,
    body: rotateKeySchema,
    status: 201,
    answer: newApiKeySchema,
    errors: ['not_found', 'not_active', 'limit_reached'],
  },
  {
    ...writing,
    ...one,
    operationId: 'revokeKey',
    summary: 'Revoke a key',
    description: `It is refused from its next call on, at every gateway; a key that may do less than it can revoke it too, for an emergency. What is known of it stays readable. ${OF_ANY_PROJECT}`,
    method: 'DELETE',
    status: 204,
    answer: nothingSchema,
    needsIfMatch: true,
    errors: ['not_found', 'precondition_failed', 'not_active'],
  },
] as const satisfies readonly ManagedCall[];

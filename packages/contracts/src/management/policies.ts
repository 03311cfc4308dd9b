import { z } from 'zod';
import type { ManagedCall } from '../managed-call.ts';
import { policyRulesSchema } from '../project-config.ts';
import { datedSchema, idParamsSchema, nothingSchema, pageOf, pageQuerySchema, purposeSchema } from './paging.ts';

export const POLICIES_MAX = 50;

export const policySchema = z
  .object({ ...datedSchema, purpose: z.string(), rules: policyRulesSchema })
  .meta({ id: 'Policy' });
export type Policy = z.infer<typeof policySchema>;

const rules = policyRulesSchema.describe('What is left out has the platform’s default');
export const createPolicySchema = z.strictObject({ purpose: purposeSchema, rules }).meta({ id: 'CreatePolicy' });
export const changePolicySchema = z
  .strictObject({ rules: rules.describe('In place of all rules that it has') })
  .meta({ id: 'ChangePolicy' });
export type CreatePolicy = z.infer<typeof createPolicySchema>;
export type ChangePolicy = z.infer<typeof changePolicySchema>;
export const policyPageSchema = pageOf('PolicyPage', policySchema);

const reading = { tag: 'Policies', scope: 'config:read', method: 'GET', status: 200 } as const;
const writing = { tag: 'Policies', scope: 'config:write' } as const;
const all = { path: '/v1/policies' } as const;
const one = { path: '/v1/policies/:id', params: idParamsSchema } as const;

export const POLICY_CALLS = [
  {
    ...writing,
    ...all,
    operationId: 'createPolicy',
    summary: 'Say how codes of a purpose behave',
    method: 'POST',
    body: createPolicySchema,
    status: 201,
    answer: policySchema,
    errors: ['already_exists', 'limit_reached', 'no_route'],
  },
  {
    ...reading,
    ...all,
    operationId: 'listPolicies',
    summary: 'List the policies',
    query: pageQuerySchema,
    answer: policyPageSchema,
    errors: [],
  },
  {
    ...reading,
    ...one,
    operationId: 'readPolicy',
    summary: 'Read a policy',
    answer: policySchema,
    errors: ['not_found'],
  },
  {
    ...writing,
    ...one,
    operationId: 'changePolicy',
    summary: 'Change a policy',
    method: 'PATCH',
    body: changePolicySchema,
    status: 200,
    answer: policySchema,
    needsIfMatch: true,
    errors: ['not_found', 'precondition_failed', 'no_route'],
  },
  {
    ...writing,
    ...one,
    operationId: 'deletePolicy',
    summary: 'Delete a policy',
    description: 'Codes of its purpose behave by the platform’s defaults again.',
    method: 'DELETE',
    status: 204,
    answer: nothingSchema,
    needsIfMatch: true,
    errors: ['not_found', 'precondition_failed'],
  },
] as const satisfies readonly ManagedCall[];

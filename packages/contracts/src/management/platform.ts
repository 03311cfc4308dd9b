import { z } from 'zod';
import type { ManagedCall } from '../managed-call.ts';
import { pauseSchema } from '../project-config.ts';
import { datedSchema, idParamsSchema, nameSchema, nothingSchema, pageOf, pageQuerySchema } from './paging.ts';

const monthlySends = z
  .int()
  .min(0)
  .max(1_000_000_000)
  .nullable()
  .describe('Sends in a calendar month (UTC); null = as many as you like');

export const planSchema = z
  .object({ ...datedSchema, name: z.string(), monthly_sends: monthlySends })
  .meta({ id: 'Plan' });
export type Plan = z.infer<typeof planSchema>;

export const createPlanSchema = z
  .strictObject({ name: nameSchema, monthly_sends: monthlySends })
  .meta({ id: 'CreatePlan' });
export const changePlanSchema = z
  .strictObject({ name: nameSchema.optional(), monthly_sends: monthlySends.optional() })
  .meta({ id: 'ChangePlan' });
export type CreatePlan = z.infer<typeof createPlanSchema>;
export type ChangePlan = z.infer<typeof changePlanSchema>;
export const planPageSchema = pageOf('PlanPage', planSchema);

export const platformSchema = z.object({ ...datedSchema, pause: pauseSchema }).meta({ id: 'Platform' });
export type Platform = z.infer<typeof platformSchema>;
export const changePlatformSchema = z.strictObject({ pause: pauseSchema.partial() }).meta({ id: 'ChangePlatform' });
export type ChangePlatform = z.infer<typeof changePlatformSchema>;

const every = { tag: 'Platform', scope: 'platform' } as const;
const one = { ...every, path: '/v1/plans/:id', params: idParamsSchema } as const;

export const PLATFORM_CALLS = [
  {
    ...every,
    operationId: 'createPlan',
    summary: 'Make a plan',
    method: 'POST',
    path: '/v1/plans',
    body: createPlanSchema,
    status: 201,
    answer: planSchema,
    errors: [],
  },
  {
    ...every,
    operationId: 'listPlans',
    summary: 'List all plans',
    method: 'GET',
    path: '/v1/plans',
    query: pageQuerySchema,
    status: 200,
    answer: planPageSchema,
    errors: [],
  },
  {
    ...one,
    operationId: 'readPlan',
    summary: 'Read a plan',
    method: 'GET',
    status: 200,
    answer: planSchema,
    errors: ['not_found'],
  },
  {
    ...one,
    operationId: 'changePlan',
    summary: 'Change a plan, for all projects that have it',
    method: 'PATCH',
    body: changePlanSchema,
    status: 200,
    answer: planSchema,
    needsIfMatch: true,
    errors: ['not_found', 'precondition_failed'],
  },
  {
    ...one,
    operationId: 'deletePlan',
    summary: 'Delete a plan that no project has',
    method: 'DELETE',
    status: 204,
    answer: nothingSchema,
    needsIfMatch: true,
    errors: ['not_found', 'precondition_failed', 'in_use'],
  },
  {
    ...every,
    operationId: 'readPlatform',
    summary: 'Read what holds for all projects',
    method: 'GET',
    path: '/v1/platform',
    status: 200,
    answer: platformSchema,
    errors: [],
  },
  {
    ...every,
    operationId: 'changePlatform',
    summary: 'Pause sending for all projects, or end the pause',
    method: 'PATCH',
    path: '/v1/platform',
    body: changePlatformSchema,
    status: 200,
    answer: platformSchema,
    needsIfMatch: true,
    errors: ['precondition_failed'],
  },
] as const satisfies readonly ManagedCall[];

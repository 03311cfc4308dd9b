import { z } from 'zod';
import type { ManagedCall } from '../managed-call.ts';
import { countrySchema, limitsSchema, pauseSchema } from '../project-config.ts';
import { datedSchema, idParamsSchema, nameSchema, nothingSchema, pageOf, pageQuerySchema } from './paging.ts';

const smsCountries = z
  .array(countrySchema)
  .max(300)
  .nullable()
  .describe('Countries that a live SMS may go to; null = everywhere, none = nowhere');
const retentionDays = z
  .int()
  .min(1)
  .max(3_650)
  .nullable()
  .describe('How long verifications are kept; null = as long as the platform keeps them');
const plan = z.string().max(64).nullable().describe('Id of its plan; null = no quota');
const status = z.enum(['active', 'suspended']).describe('`suspended`: every key of the project is refused');

/** What is left out stays as it is. */
const limitsChange = limitsSchema.partial().meta({ id: 'LimitsChange' });
const pauseChange = pauseSchema.partial().meta({ id: 'PauseChange' });

/** What a project may decide about itself. */
const ownFields = {
  pause: pauseChange.optional(),
  sms_countries: smsCountries.optional(),
  retention_days: retentionDays.optional(),
};

export const projectSchema = z
  .object({
    ...datedSchema,
    name: z.string(),
    status,
    plan,
    limits: limitsSchema,
    pause: pauseSchema,
    sms_countries: smsCountries,
    retention_days: retentionDays,
  })
  .meta({ id: 'Project' });
export type Project = z.infer<typeof projectSchema>;

export const createProjectSchema = z
  .strictObject({
    name: nameSchema,
    plan: plan.optional(),
    limits: limitsChange.optional(),
    ...ownFields,
    sms_countries: smsCountries
      .default([])
      .describe(
        'Countries that a live SMS may go to; null = everywhere. Without it nowhere: a new project says where it sends',
      ),
  })
  .meta({ id: 'CreateProject' });
export type CreateProject = z.infer<typeof createProjectSchema>;

export const changeProjectSchema = z
  .strictObject({
    name: nameSchema.optional(),
    status: status.optional(),
    plan: plan.optional(),
    limits: limitsChange.optional(),
    ...ownFields,
  })
  .meta({ id: 'ChangeProject' });
export type ChangeProject = z.infer<typeof changeProjectSchema>;

export const changeOwnProjectSchema = z.strictObject(ownFields).meta({ id: 'ChangeOwnProject' });
export type ChangeOwnProject = z.infer<typeof changeOwnProjectSchema>;

export const projectPageSchema = pageOf('ProjectPage', projectSchema);

const every = { tag: 'Projects', scope: 'platform' } as const;
const one = { ...every, path: '/v1/projects/:id', params: idParamsSchema } as const;
const own = { tag: 'Projects', path: '/v1/project', answer: projectSchema, status: 200 } as const;

export const PROJECT_CALLS = [
  {
    ...every,
    operationId: 'createProject',
    summary: 'Make a project',
    description: 'It has no key yet: `POST /v1/keys` with its id makes one.',
    method: 'POST',
    path: '/v1/projects',
    body: createProjectSchema,
    status: 201,
    answer: projectSchema,
    errors: ['not_found'],
  },
  {
    ...every,
    operationId: 'listProjects',
    summary: 'List all projects',
    method: 'GET',
    path: '/v1/projects',
    query: pageQuerySchema,
    status: 200,
    answer: projectPageSchema,
    errors: [],
  },
  {
    ...one,
    operationId: 'readProject',
    summary: 'Read a project',
    method: 'GET',
    status: 200,
    answer: projectSchema,
    errors: ['not_found'],
  },
  {
    ...one,
    operationId: 'changeProject',
    summary: 'Change a project',
    description: 'Suspends it, pauses it, sets its limits and its plan.',
    method: 'PATCH',
    body: changeProjectSchema,
    status: 200,
    answer: projectSchema,
    needsIfMatch: true,
    errors: ['not_found', 'precondition_failed', 'in_use'],
  },
  {
    ...one,
    operationId: 'deleteProject',
    summary: 'Delete a project and its configuration',
    description: 'It must be suspended and have no valid key. What it has sent stays for its retention time.',
    method: 'DELETE',
    status: 204,
    answer: nothingSchema,
    needsIfMatch: true,
    errors: ['not_found', 'precondition_failed', 'in_use'],
  },
  {
    ...own,
    operationId: 'readOwnProject',
    summary: 'Read the project of the key',
    method: 'GET',
    scope: 'config:read',
    errors: ['not_found'],
  },
  {
    ...own,
    operationId: 'changeOwnProject',
    summary: 'Change the project of the key',
    description: 'Pauses sending, says where to send and how long to keep. Limits, plan and status are the platform’s.',
    method: 'PATCH',
    body: changeOwnProjectSchema,
    scope: 'config:write',
    needsIfMatch: true,
    errors: ['not_found', 'precondition_failed'],
  },
] as const satisfies readonly ManagedCall[];

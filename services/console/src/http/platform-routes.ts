import { PLATFORM_CALLS } from '@watchword/contracts';
import { toPlan, toPlatform } from '../domain/answers.ts';
import { answerPage } from '../domain/page-cursor.ts';
import type { ConfigurationStore } from '../ports.ts';
import type { createPlatformUseCases } from '../usecases/platform.ts';
import { bindCalls } from './bind-calls.ts';

export const platformRoutes = (
  useCases: ReturnType<typeof createPlatformUseCases>,
  { plans }: Pick<ConfigurationStore, 'plans'>,
) =>
  bindCalls(PLATFORM_CALLS, {
    createPlan: async ({ body, context }) => toPlan(await useCases.createPlan(body, context)),
    listPlans: ({ query }) => answerPage(query, { of: ['plans'], by: 'string' }, plans.list, toPlan),
    readPlan: async ({ params }) => toPlan(await useCases.requirePlan(params.id)),
    changePlan: async ({ params, body, context }) => toPlan(await useCases.changePlan(params.id, body, context)),
    deletePlan: ({ params, context }) => useCases.deletePlan(params.id, context),
    readPlatform: async () => toPlatform(await useCases.readPlatform()),
    changePlatform: async ({ body, context }) => toPlatform(await useCases.changePlatform(body, context)),
  });

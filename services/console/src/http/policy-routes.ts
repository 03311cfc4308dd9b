import { POLICY_CALLS } from '@watchword/contracts';
import { toPolicy } from '../domain/answers.ts';
import { answerPage } from '../domain/page-cursor.ts';
import type { ConfigurationStore } from '../ports.ts';
import type { createPolicyUseCases } from '../usecases/policies.ts';
import { bindCalls } from './bind-calls.ts';

export const policyRoutes = (
  useCases: ReturnType<typeof createPolicyUseCases>,
  { policies }: Pick<ConfigurationStore, 'policies'>,
) =>
  bindCalls(POLICY_CALLS, {
    createPolicy: async ({ body, context }) => toPolicy(await useCases.createPolicy(body, context)),
    listPolicies: ({ query, context: { project } }) =>
      answerPage(
        query,
        { of: ['policies', project], by: 'string' },
        (after, limit) => policies.list(project, after, limit),
        toPolicy,
      ),
    readPolicy: async ({ params, context }) => toPolicy(await useCases.read(context, params.id)),
    changePolicy: async ({ params, body, context }) => toPolicy(await useCases.changePolicy(params.id, body, context)),
    deletePolicy: ({ params, context }) => useCases.remove(context, params.id),
  });

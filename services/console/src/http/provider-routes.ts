import { PROVIDER_CALLS } from '@watchword/contracts';
import { answerPage } from '../domain/page-cursor.ts';
import type { ConfigurationStore } from '../ports.ts';
import type { createProviderUseCases } from '../usecases/providers.ts';
import { bindCalls } from './bind-calls.ts';

export function providerRoutes(
  useCases: ReturnType<typeof createProviderUseCases>,
  { providers }: Pick<ConfigurationStore, 'providers'>,
) {
  const { toAnswer } = useCases;
  return bindCalls(PROVIDER_CALLS, {
    createProvider: async ({ body, context }) => toAnswer(await useCases.createProvider(body, context)),
    listProviders: ({ query, context: { project } }) =>
      answerPage(
        query,
        { of: ['providers', project], by: 'string' },
        (after, limit) => providers.list(project, after, limit),
        toAnswer,
      ),
    readProvider: async ({ params, context }) => toAnswer(await useCases.read(context, params.id)),
    changeProvider: async ({ params, body, context }) =>
      toAnswer(await useCases.changeProvider(params.id, body, context)),
    deleteProvider: ({ params, context }) => useCases.deleteProvider(params.id, context),
    drainProvider: async ({ params, context }) => toAnswer(await useCases.drainProvider(params.id, context)),
    enableProvider: async ({ params, context }) => toAnswer(await useCases.enableProvider(params.id, context)),
  });
}

import { ROUTE_CALLS } from '@watchword/contracts';
import { toRoute } from '../domain/answers.ts';
import { answerPage } from '../domain/page-cursor.ts';
import type { ConfigurationStore } from '../ports.ts';
import type { createRouteUseCases } from '../usecases/routes.ts';
import { bindCalls } from './bind-calls.ts';

export const routeRoutes = (
  useCases: ReturnType<typeof createRouteUseCases>,
  { routes }: Pick<ConfigurationStore, 'routes'>,
) =>
  bindCalls(ROUTE_CALLS, {
    createRoute: async ({ body, context }) => toRoute(await useCases.createRoute(body, context)),
    listRoutes: ({ query, context: { project } }) =>
      answerPage(
        query,
        { of: ['routes', project], by: 'string' },
        (after, limit) => routes.list(project, after, limit),
        toRoute,
      ),
    readRoute: async ({ params, context }) => toRoute(await useCases.read(context, params.id)),
    changeRoute: async ({ params, body, context }) => toRoute(await useCases.changeRoute(params.id, body, context)),
    deleteRoute: ({ params, context }) => useCases.remove(context, params.id),
    simulateRoute: ({ body, context }) => useCases.simulateRoute(body, context),
  });

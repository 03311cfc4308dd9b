import { eraseDestinationSchema, erasureSchema } from '@watchword/contracts';
import { hopRoute } from '@watchword/platform';
import type { createEraseDestination } from '../usecases/erase-destination.ts';

/** The hop's route that forgets a destination. */
export const erasureRoute = (eraseDestination: ReturnType<typeof createEraseDestination>) =>
  hopRoute({
    method: 'POST',
    path: '/v1/destinations/erase',
    body: eraseDestinationSchema,
    status: 202,
    answer: erasureSchema,
    handle: ({ body, context }) => eraseDestination(body, context),
  });

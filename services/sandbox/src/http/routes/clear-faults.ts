import type { HttpApp } from '@watchword/platform';
import type { Faults } from '../../domain/faults.ts';

export function clearFaultsRoute(app: HttpApp, { faults }: { readonly faults: Faults }): void {
  app.delete('/api/faults', async (_request, reply) => {
    faults.clear();
    return reply.code(204).send();
  });
}

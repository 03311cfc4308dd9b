import type { HttpApp } from '@watchword/platform';
import type { Faults } from '../../domain/faults.ts';
import { presentFaults } from '../present-faults.ts';

export function listFaultsRoute(app: HttpApp, { faults }: { readonly faults: Faults }): void {
  app.get('/api/faults', async (_request, reply) =>
    reply.header('cache-control', 'no-store').send(presentFaults(faults)),
  );
}

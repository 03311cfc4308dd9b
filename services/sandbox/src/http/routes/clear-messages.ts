import type { HttpApp } from '@watchword/platform';
import type { Inbox } from '../../domain/inbox.ts';

export function clearMessagesRoute(app: HttpApp, { inbox }: { readonly inbox: Inbox }): void {
  app.delete('/api/messages', async (_request, reply) => {
    inbox.clear();
    return reply.code(204).send();
  });
}

import { AppError, type HttpApp } from '@watchword/platform';
import { z } from 'zod';
import type { Inbox } from '../../domain/inbox.ts';
import type { WholeMessage } from '../../domain/message.ts';

const params = z.object({ id: z.string() });

/**
 * What a stranger wrote, in an origin of its own: it may run nothing, fetch nothing and lead nowhere. Mails style themselves
 * inline, so that is all they may.
 */
const MARKUP_HEADERS = {
  'content-security-policy':
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  'x-frame-options': 'SAMEORIGIN',
};

/** One message with the request that brought it; and its markup alone, for a frame. */
export function showMessageRoute(app: HttpApp, { inbox }: { readonly inbox: Inbox }): void {
  function find(id: string): WholeMessage {
    const message = inbox.find(id);
    if (message === undefined) throw new AppError('not_found', { detail: 'The inbox has no message of this id.' });
    return message;
  }

  app.get('/api/messages/:id', { schema: { params } }, async (request, reply) =>
    reply.header('cache-control', 'no-store').send(find(request.params.id)),
  );
  app.get('/api/messages/:id/html', { schema: { params } }, async (request, reply) => {
    const { html } = find(request.params.id);
    if (html === null) throw new AppError('not_found', { detail: 'The message has no markup.' });
    return reply.headers(MARKUP_HEADERS).type('text/html; charset=utf-8').send(html);
  });
}

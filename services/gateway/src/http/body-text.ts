import type { HttpApp } from '@watchword/platform';
import type { FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body's text as it arrived: what is fingerprinted, signed and forwarded. */
    bodyText: string;
  }
}

/** Keeps the text of JSON bodies. otp validates the same strict schema, so the text itself is forwarded. */
export function keepBodyText(app: HttpApp): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.decorateRequest('bodyText', '');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    request.bodyText = body;
    void parseJson(request, body, done);
  });
}

/** For calls whose fields are all optional: no body at all means `{}`. */
export async function acceptNoBody(request: FastifyRequest): Promise<void> {
  if (request.body !== undefined && request.body !== null) return;
  if (request.bodyText !== '') return;
  request.body = {};
  request.bodyText = '{}';
}

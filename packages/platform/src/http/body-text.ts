import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** The JSON body's text as it arrived: what is fingerprinted, signed and forwarded; empty without a body. */
    bodyText: string;
  }
}

/** Keeps the text of JSON bodies beside what they say. */
export function keepBodyText(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.decorateRequest('bodyText', '');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    request.bodyText = body;
    void parseJson(request, body, done);
  });
}

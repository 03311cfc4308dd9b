import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The JSON body's text as it arrived: what is fingerprinted, signed and forwarded; empty without a body. */
    bodyText: string;
  }
}

/** Keeps the text of JSON bodies beside what they say. Two different bodies never read the same: what is no UTF-8 is refused. */
export function keepBodyText(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.decorateRequest('bodyText', '');
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (namesOtherCharset(request.headers['content-type'] ?? '')) {
      done(new AppError('unsupported_media_type', { detail: 'JSON is UTF-8 (RFC 8259): send no other charset.' }));
      return;
    }
    if (!isUtf8(body)) {
      done(new AppError('invalid_request', { detail: 'The body is not valid UTF-8.' }));
      return;
    }
    request.bodyText = body.toString('utf8');
    // Whether a body may be missing is the route's business.
    if (body.length === 0) done(null, undefined);
    else void parseJson(request, request.bodyText, done);
  });
}

/** Read as UTF-8 it would be something else than what was meant. */
function namesOtherCharset(contentType: string): boolean {
  const named = [...contentType.matchAll(/;\s*charset\s*=\s*"?([^\s;"]*)/gi)];
  return named.some(([, charset]) => charset?.toLowerCase() !== 'utf-8');
}

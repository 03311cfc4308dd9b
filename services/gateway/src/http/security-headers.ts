import type { HttpApp } from '@watchword/platform';

/** Answers are data: nothing in them may run, be framed, be sniffed or be kept by a cache. There is no CORS: browsers do not call. */
const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

export function sendSecurityHeaders(app: HttpApp): void {
  app.addHook('onRequest', async (_, reply) => {
    reply.headers(SECURITY_HEADERS);
  });
}

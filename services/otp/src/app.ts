import { AppError, type Clock, createHttpApp, type HttpApp, type HttpAppOptions, type Secret } from '@watchword/platform';
import { createHopGuard, requestIdOf } from './http/hop.ts';
import { registerVerificationRoutes, type UseCases } from './http/verification-routes.ts';

export interface OtpAppDeps extends HttpAppOptions {
  readonly hopKey: Secret<Buffer>;
  readonly clock: Clock;
  readonly useCases: UseCases;
}

/** The otp service's HTTP interface: the signed hop and nothing else. */
export function buildApp({ hopKey, clock, useCases, ...options }: OtpAppDeps): HttpApp {
  const app = createHttpApp({ ...options, requestIdOf });
  // The signature covers the bytes, so they are kept beside the parsed body. An empty body stands for {}.
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    request.rawBody = body as string;
    try {
      done(null, body === '' ? {} : JSON.parse(body as string));
    } catch {
      done(new AppError('invalid_request', { detail: 'The body is not valid JSON.' }));
    }
  });
  app.addHook('preValidation', createHopGuard(hopKey, clock));
  registerVerificationRoutes(app, useCases);
  return app;
}

import { JWKS_MAX_AGE_SECONDS, JWKS_PATH, jwksSchema } from '@watchword/contracts';
import { AppError, type HttpApp } from '@watchword/platform';
import type { ReadJwks } from '../../usecases/read-jwks.ts';
import { jsonAnswer, publicProblems } from '../answers.ts';

export function routeReadJwks(app: HttpApp, readJwks: ReadJwks): void {
  const schema = {
    operationId: 'readJwks',
    summary: 'Read the keys that verify approval tokens',
    description: 'A JWK Set (RFC 7517) for anyone: with it a service verifies tokens offline.',
    tags: ['tokens'],
    security: [],
    response: { 200: jsonAnswer('The public keys, the current one first', jwksSchema), ...publicProblems },
  };
  app.get(JWKS_PATH, { schema }, async (_request, reply) => {
    const jwks = await readJwks();
    if (jwks === null) {
      throw new AppError('unavailable', { detail: 'The keys could not be read yet.', retryAfterSeconds: 1 });
    }
    reply.header('cache-control', `public, max-age=${JWKS_MAX_AGE_SECONDS}`);
    return jwks;
  });
}

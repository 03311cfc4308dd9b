import { consumedTokenSchema, consumeTokenSchema, JWKS_PATH, type JwkSet, jwksSchema } from '@watchword/contracts';
import type { HttpApp } from '@watchword/platform';
import type { createConsumeToken } from '../usecases/consume-token.ts';
import { callOf } from './hop.ts';

export interface TokenUseCases {
  readonly consumeToken: ReturnType<typeof createConsumeToken>;
  readonly jwks: JwkSet;
}

/** The hop's routes of approval tokens. */
export function registerTokenRoutes(app: HttpApp, { consumeToken, jwks }: TokenUseCases): void {
  app.post(
    '/v1/tokens/consume',
    { schema: { body: consumeTokenSchema, response: { 200: consumedTokenSchema } } },
    (request) => consumeToken(request.body, callOf(request)),
  );
  app.get(JWKS_PATH, { schema: { response: { 200: jwksSchema } } }, async () => jwks);
}

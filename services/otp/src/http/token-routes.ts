import { consumedTokenSchema, consumeTokenSchema, JWKS_PATH, type JwkSet, jwksSchema } from '@watchword/contracts';
import { hopRoute } from '@watchword/platform';
import type { createConsumeToken } from '../usecases/consume-token.ts';

export interface TokenUseCases {
  readonly consumeToken: ReturnType<typeof createConsumeToken>;
  readonly jwks: JwkSet;
}

/** The hop's routes of approval tokens. */
export const tokenRoutes = ({ consumeToken, jwks }: TokenUseCases) => [
  hopRoute({
    method: 'POST',
    path: '/v1/tokens/consume',
    body: consumeTokenSchema,
    status: 200,
    answer: consumedTokenSchema,
    handle: ({ body, context }) => consumeToken(body, context),
  }),
  hopRoute({ method: 'GET', path: JWKS_PATH, status: 200, answer: jwksSchema, handle: async () => jwks }),
];

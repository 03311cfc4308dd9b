import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { HttpApp } from '@watchword/platform';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { describeNeed } from './needs.ts';
import { finishDocument } from './openapi-document.ts';

const API_VERSION = '1.0.0';

/** The one style sheet that swagger-ui's script puts into the page. */
const SWAGGER_UI_STYLE_HASH = 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w=';

/** The page needs its own files and the API, nothing else: no inline script, no other origin. */
const DOCS_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' '${SWAGGER_UI_STYLE_HASH}'`,
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const idempotencyKeyHeader = {
  type: 'object',
  properties: {
    'Idempotency-Key': {
      type: 'string',
      minLength: 1,
      maxLength: 255,
      description: 'Printable ASCII. For 24 hours a repeat with the same key and body gets the first call’s outcome.',
    },
  },
};

const ifMatchHeader = {
  type: 'object',
  required: ['If-Match'],
  properties: {
    'If-Match': {
      type: 'string',
      maxLength: 256,
      description: 'The `ETag` that it was read with: 412 when it was changed since. `*` changes it whatever it is.',
    },
  },
};

/** Must come before the routes it documents. */
export async function collectDocumentation(app: HttpApp): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.1',
      info: {
        title: 'Watchword API',
        version: API_VERSION,
        description:
          'Sends one-time passwords and verifies them once. Errors are `application/problem+json` (RFC 9457); repeat a 503 with the same `Idempotency-Key`.',
      },
      tags: [
        { name: 'verifications', description: 'Acts of proving control of a destination' },
        { name: 'tokens', description: 'Approval tokens: signed JWTs that a check answers with its approval' },
        { name: 'destinations', description: 'Where codes go' },
        { name: 'receipts', description: 'What providers tell later of an attempt' },
      ],
      components: {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: `ww_live_…` or `ww_test_…`' },
        },
      },
      security: [{ apiKey: [] }],
    },
    transform(route) {
      const { schema, url } = jsonSchemaTransform(route);
      const { method, config: { need, needsIfMatch } = {} } = route.route;
      if (need === undefined) return { schema, url };
      const isIdempotent = method === 'POST' && !need.isManaged;
      const headers = isIdempotent ? idempotencyKeyHeader : needsIfMatch === true ? ifMatchHeader : undefined;
      const description = [schema.description, describeNeed(need)].filter(Boolean).join(' ');
      return { schema: { ...schema, description, ...(headers && { headers }) }, url };
    },
    transformObject: (document) => finishDocument(jsonSchemaTransformObject(document)),
  });
}

/** `/openapi.json` and `/docs`, both without a key. */
export async function serveDocumentation(app: HttpApp): Promise<void> {
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: DOCS_CSP,
    theme: { title: 'Watchword API' },
    uiConfig: {
      // Without the bar on top: it would load and show documents from anywhere.
      layout: 'BaseLayout',
      deepLinking: true,
      defaultModelsExpandDepth: 0,
      validatorUrl: null,
    },
  });
  app.get('/openapi.json', { schema: { hide: true } }, async (_, reply) =>
    reply.header('content-type', 'application/json; charset=utf-8').send(Buffer.from(JSON.stringify(app.swagger()))),
  );
}

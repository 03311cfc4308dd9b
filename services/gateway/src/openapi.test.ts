import { Validator } from '@seriousme/openapi-schema-validator';
import {
  acceptedVerificationSchema,
  checkDestinationSchema,
  checkVerificationSchema,
  consumedTokenSchema,
  consumeTokenSchema,
  ERRORS,
  eraseDestinationSchema,
  erasureSchema,
  judgedCheckSchema,
  jwksSchema,
  MANAGEMENT_CALLS,
  type ManagedCall,
  openVerificationSchema,
  resendVerificationSchema,
  SEARCH_CALLS,
  timelineSchema,
  verificationSchema,
} from '@watchword/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { EXAMPLES } from './http/openapi-examples.ts';
import { buildOpenApi } from './openapi.ts';

interface Operation {
  operationId: string;
  description?: string;
  security?: unknown;
  parameters?: { in: string; name: string; required: boolean }[];
  requestBody?: {
    required: boolean;
    content: Record<string, { schema: unknown; example?: unknown; examples?: unknown }>;
  };
  responses: Record<
    string,
    { headers: Record<string, unknown>; content?: Record<string, { schema: { $ref: string }; example?: unknown }> }
  >;
}

const MANAGED: readonly ManagedCall[] = [...MANAGEMENT_CALLS, ...SEARCH_CALLS];

let document: Record<string, unknown>;
let operations: [string, Operation][];
beforeAll(async () => {
  document = await buildOpenApi();
  const paths = document.paths as Record<string, Record<string, Operation>>;
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
  );
});

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone(document));
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  it('has every call and nothing else', () => {
    expect(new Set(operations.map(([name]) => name))).toEqual(
      new Set([
        'get /receipts/{provider}/{reference}',
        'post /receipts/{provider}/{reference}',
        'get /v1/verifications/{id}',
        'get /v1/verifications/{id}/timeline',
        'get /.well-known/jwks.json',
        'post /v1/tokens/consume',
        'post /v1/verifications',
        'post /v1/verifications/check',
        'post /v1/verifications/{id}/cancel',
        'post /v1/verifications/{id}/check',
        'post /v1/verifications/{id}/resend',
        'post /v1/destinations/erase',
        ...MANAGED.map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`),
      ]),
    );
    expect(document.security).toEqual([{ apiKey: [] }]);
    const open = operations.filter(([, { security }]) => JSON.stringify(security) === '[]').map(([name]) => name);
    expect(open).toEqual([
      'post /receipts/{provider}/{reference}',
      'get /receipts/{provider}/{reference}',
      'get /.well-known/jwks.json',
    ]);
  });

  it('makes every error a problem, of a status that the table of errors has', () => {
    const known = new Set<number>(Object.values(ERRORS).map(({ status }) => status));
    for (const [name, { responses }] of operations) {
      const errors = Object.entries(responses).filter(([status]) => !status.startsWith('2'));
      expect(errors.length, name).toBeGreaterThan(name === 'get /.well-known/jwks.json' ? 1 : 4);
      for (const [status, { content }] of errors) {
        expect(known, `${name} ${status}`).toContain(Number(status));
        expect(content, `${name} ${status}`).toEqual({
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        });
      }
    }
  });

  it('tells of Retry-After where there is one, and of Idempotency-Key or If-Match where they mean something', () => {
    for (const [name, { operationId, responses, parameters = [] }] of operations) {
      expect(Object.keys(responses['503']?.headers ?? {}), name).toContain('Retry-After');
      expect(Object.keys(responses['401']?.headers ?? {}), name).not.toContain('Retry-After');
      const headers = parameters.filter((parameter) => parameter.in === 'header').map((parameter) => parameter.name);
      const managed = MANAGED.find((call) => call.operationId === operationId);
      const expected = managed?.needsIfMatch === true ? ['If-Match'] : [];
      const isIdempotent = managed === undefined && name.startsWith('post /v1/');
      expect(headers, name).toEqual(isIdempotent ? ['Idempotency-Key'] : expected);
    }
  });

  it('names the scopes that each call with a key needs', () => {
    for (const [name, { security, description = '' }] of operations) {
      const isKeyless = JSON.stringify(security) === '[]';
      expect(/Needs the scope `[a-z]+/.test(description), name).toBe(!isKeyless);
    }
  });

  it('uses every component and refers to none that is missing', () => {
    const { schemas } = document.components as { schemas: Record<string, unknown> };
    const referred = new Set(JSON.stringify(document).match(/(?<=#\/components\/schemas\/)\w+/g));
    expect(referred).toEqual(new Set(Object.keys(schemas)));
  });

  it('has examples that the schemas accept', () => {
    const requests = {
      openVerification: openVerificationSchema,
      resendVerification: resendVerificationSchema,
      checkVerification: checkVerificationSchema,
      checkDestination: checkDestinationSchema,
      consumeToken: consumeTokenSchema,
      eraseDestination: eraseDestinationSchema,
    };
    for (const [id, schema] of Object.entries(requests)) {
      const { request, requests: several = { one: { summary: '', value: request } } } = EXAMPLES[id] ?? {};
      for (const { value } of Object.values(several)) schema.parse(value);
    }
    const answers = {
      openVerification: acceptedVerificationSchema,
      resendVerification: acceptedVerificationSchema,
      checkVerification: judgedCheckSchema,
      checkDestination: judgedCheckSchema,
      cancelVerification: verificationSchema,
      readVerification: verificationSchema,
      readTimeline: timelineSchema,
      consumeToken: consumedTokenSchema,
      eraseDestination: erasureSchema,
      readJwks: jwksSchema,
    };
    for (const [id, schema] of Object.entries(answers)) schema.strict().parse(EXAMPLES[id]?.answer);
    for (const [name, { operationId, requestBody, responses }] of operations) {
      const sent = requestBody?.content['application/json'];
      const { request, requests: several } = EXAMPLES[operationId] ?? {};
      expect([sent?.example, sent?.examples], name).toEqual([request, several]);
      const success = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1];
      expect(success?.content?.['application/json']?.example, name).toEqual(EXAMPLES[operationId]?.answer);
    }
  });
});

import { EXAMPLES } from './openapi-examples.ts';

/** An OpenAPI 3.1 document as far as this module touches it. */
interface Operation {
  operationId?: string;
  security?: unknown[];
  parameters?: unknown;
  requestBody?: { required?: boolean; content: Record<string, Media> };
  responses: Record<string, Answer>;
}
interface Media {
  schema?: { $ref?: string };
  example?: unknown;
}
interface Answer {
  description: string;
  headers?: Record<string, unknown>;
  content?: Record<string, Media>;
}
interface Document {
  paths?: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, unknown> };
}

const BODY_OPTIONAL = new Set(['resendVerification', 'cancelVerification']);
const WAITING_STATUSES = new Set(['429', '503']);

const header = (description: string, type: 'string' | 'integer' = 'string') => ({ description, schema: { type } });
const REQUEST_ID = header('The id of this request, also in its problem and in the logs');
const RATE_LIMIT = header('What is left of the limit, e.g. `"sends";r=999;t=3541`; absent without a limit');
const RATE_LIMIT_POLICY = header('The project’s limit of sends, e.g. `"sends";q=1000;w=3600`; absent without a limit');
const RETRY_AFTER = header('Seconds to wait before repeating', 'integer');

/** Adds what no schema says (headers, examples, bodies that may be absent) and leaves only the components in use. */
export function finishDocument<T extends object>(generated: T): T {
  const document = structuredClone(generated) as Document;
  for (const operation of Object.values(document.paths ?? {}).flatMap((path) => Object.values(path))) {
    describeHeaders(operation);
    addExamples(operation);
    const { requestBody, operationId = '' } = operation;
    if (requestBody) requestBody.required = !BODY_OPTIONAL.has(operationId);
  }
  return keepUsedComponents(document) as T;
}

function describeHeaders({ security, responses }: Operation): void {
  // Without a key there is no project whose limit could be told.
  const rateLimit = security?.length === 0 ? {} : { 'RateLimit-Policy': RATE_LIMIT_POLICY, RateLimit: RATE_LIMIT };
  for (const [status, answer] of Object.entries(responses)) {
    answer.headers = {
      'X-Request-Id': REQUEST_ID,
      ...rateLimit,
      ...(WAITING_STATUSES.has(status) ? { 'Retry-After': RETRY_AFTER } : {}),
    };
  }
}

function addExamples({ operationId = '', requestBody, responses }: Operation): void {
  const { request, answer } = EXAMPLES[operationId] ?? {};
  const sent = requestBody?.content['application/json'];
  if (sent && request !== undefined) sent.example = request;
  for (const { content } of Object.values(responses)) {
    const received = content?.['application/json'];
    if (received && answer !== undefined) received.example = answer;
  }
}

/** Each schema is generated as an input and as an output, used or not; an input keeps its plain name when it is the only one used. */
function keepUsedComponents(document: Document): Document {
  const schemas = document.components?.schemas ?? {};
  const used = new Set<string>();
  const visit = (value: unknown) => {
    for (const [, name] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (name === undefined || used.has(name)) continue;
      used.add(name);
      visit(schemas[name]);
    }
  };
  visit(document.paths ?? {});
  const plainName = (name: string) => {
    const plain = name.replace(/Input$/, '');
    return used.has(plain) ? name : plain;
  };
  const names = [...used].toSorted();
  const kept = names.map((name) => [plainName(name), schemas[name]] as const);
  const text = JSON.stringify({
    ...document,
    components: { ...document.components, schemas: Object.fromEntries(kept) },
  });
  return JSON.parse(
    text.replace(
      /"#\/components\/schemas\/([^"]+)"/g,
      (_, name: string) => `"#/components/schemas/${plainName(name)}"`,
    ),
  ) as Document;
}

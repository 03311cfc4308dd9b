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
  examples?: unknown;
}
interface Answer {
  description: string;
  headers?: Record<string, unknown>;
  content?: Record<string, Media>;
}
interface Document {
  paths?: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, unknown>; headers?: Record<string, unknown> };
}

const BODY_OPTIONAL = new Set(['resendVerification', 'cancelVerification']);
const WAITING_STATUSES = new Set(['429', '503']);

const header = (description: string, type: 'string' | 'integer' = 'string') => ({ description, schema: { type } });
const HEADERS = {
  'X-Request-Id': header('The id of this request, also in its problem and in the logs'),
  'RateLimit-Policy': header(
    'The limits that the call falls under: `"sends";q=1000;w=3600` of the project, `"user_sends"` and `"ip_sends"` of the end user, `"quota"` of the plan’s month; absent without a limit',
  ),
  RateLimit: header('What is left of each, and the seconds until its count turns over: `"sends";r=999;t=3541`'),
  'Retry-After': header('Seconds to wait before repeating', 'integer'),
  ETag: header('The version, in quotes: what `If-Match` of a change must name'),
};
type HeaderName = keyof typeof HEADERS;

/** Adds what no schema says (headers, examples, bodies that may be absent) and leaves only the components in use. */
export function finishDocument<T extends object>(generated: T): T {
  const document = structuredClone(generated) as Document;
  for (const operation of Object.values(document.paths ?? {}).flatMap((path) => Object.values(path))) {
    describeHeaders(operation, document.components?.schemas ?? {});
    addExamples(operation);
    const { requestBody, operationId = '' } = operation;
    if (requestBody) requestBody.required = !BODY_OPTIONAL.has(operationId);
  }
  document.components = { ...document.components, headers: HEADERS };
  return keepUsedComponents(document) as T;
}

function describeHeaders({ security, responses }: Operation, schemas: Readonly<Record<string, unknown>>): void {
  // Without a key there is no project whose limit could be told.
  const ofEvery: HeaderName[] = security?.length === 0 ? [] : ['RateLimit-Policy', 'RateLimit'];
  for (const [status, answer] of Object.entries(responses)) {
    const names: HeaderName[] = ['X-Request-Id', ...ofEvery];
    if (WAITING_STATUSES.has(status)) names.push('Retry-After');
    if (isVersioned(answer, schemas)) names.push('ETag');
    answer.headers = Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
  }
}

function isVersioned({ content }: Answer, schemas: Readonly<Record<string, unknown>>): boolean {
  const name = content?.['application/json']?.schema?.$ref?.split('/').at(-1) ?? '';
  const schema = schemas[name] as { properties?: { created_at?: unknown; version?: unknown } } | undefined;
  return schema?.properties?.version !== undefined && schema.properties.created_at !== undefined;
}

function addExamples({ operationId = '', requestBody, responses }: Operation): void {
  const { request, requests, answer } = EXAMPLES[operationId] ?? {};
  const sent = requestBody?.content['application/json'];
  if (sent && request !== undefined) sent.example = request;
  if (sent && requests !== undefined) sent.examples = requests;
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

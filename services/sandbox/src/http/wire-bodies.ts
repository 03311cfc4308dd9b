import type { FastifyInstance } from 'fastify';

/** A body as it arrived, and its fields. */
export interface WireBody {
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const NONE: WireBody = { text: '', fields: {} };
const JSON_TYPES = /^application\/(?:[\w.-]+\+)?json\b/;

/** Makes the routes of `scope` take these kinds of body and no other; their `request.body` is a `WireBody`. */
export function takeWireBodies(scope: FastifyInstance, kinds: readonly ('form' | 'json')[]): void {
  scope.removeAllContentTypeParsers();
  if (kinds.includes('form')) {
    scope.addContentTypeParser<string>(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, text, done) => done(null, { text, fields: readForm(text) } satisfies WireBody),
    );
  }
  if (kinds.includes('json')) {
    const parse = scope.getDefaultJsonParser('error', 'error');
    scope.addContentTypeParser<string>(JSON_TYPES, { parseAs: 'string' }, (request, text, done) => {
      // It calls back, and gives nothing.
      void parse(request, text, (error, value: unknown) => done(error, { text, fields: toFields(value) }));
    });
  }
}

export const wireBodyOf = (body: unknown): WireBody =>
  body === undefined || body === null ? NONE : (body as WireBody);

/** A field that comes more than once is a list. Names are a stranger's choice, so the record has no prototype. */
function readForm(text: string): WireBody['fields'] {
  const form = new URLSearchParams(text);
  const fields = Object.create(null) as Record<string, unknown>;
  for (const name of new Set(form.keys())) {
    const values = form.getAll(name);
    fields[name] = values.length > 1 ? values : values[0];
  }
  return fields;
}

const toFields = (value: unknown) =>
  (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;

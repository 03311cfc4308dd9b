import { ERRORS, type ErrorCode, type ErrorSpec, type ManagedCall, problemSchema } from '@watchword/contracts';
import type { z } from 'zod';

interface DocumentedAnswer<T extends z.ZodType> {
  readonly description: string;
  readonly content: Readonly<Record<string, { readonly schema: T }>>;
}

/** What the document says of an answer in JSON. */
export function jsonAnswer<T extends z.ZodType>(description: string, schema: T): DocumentedAnswer<T> {
  return { description, content: { 'application/json': { schema } } };
}

const EVERY_CALL: readonly ErrorCode[] = [
  'invalid_request',
  'unauthenticated',
  'insufficient_scope',
  'project_suspended',
  'internal',
  'unavailable',
];
const EVERY_BODY: readonly ErrorCode[] = ['body_too_large', 'unsupported_media_type'];
const EVERY_POST: readonly ErrorCode[] = [...EVERY_CALL, ...EVERY_BODY, 'idempotency_mismatch'];

/** The document's problems of a POST: those of every POST and the call's own, by status. */
export const postProblems = (...own: ErrorCode[]) => problems([...own, ...EVERY_POST]);

/** The document's problems of a GET. */
export const getProblems = (...own: ErrorCode[]) => problems([...own, ...EVERY_CALL]);

/** The document's problems of a call of the console. */
export function managedProblems({ body, needsIfMatch }: ManagedCall, own: readonly ErrorCode[]) {
  const ofBody = body === undefined ? [] : EVERY_BODY;
  const ofVersion: readonly ErrorCode[] = needsIfMatch === true ? ['precondition_required', 'precondition_failed'] : [];
  return problems([...new Set([...own, ...EVERY_CALL, ...ofBody, ...ofVersion, 'rate_limited' as const])]);
}

/** The document's problems of a receipt: no key, no schema. */
export const receiptProblems = problems([
  'invalid_request',
  'invalid_signature',
  'not_found',
  'body_too_large',
  'unsupported_media_type',
  'internal',
  'unavailable',
]);

/** The document's problems of a call that needs no key and takes nothing. */
export const publicProblems = problems(['internal', 'unavailable']);

function problems(codes: readonly ErrorCode[]): Record<number, DocumentedAnswer<typeof problemSchema>> {
  const statuses = [...new Set(codes.map((code) => ERRORS[code].status))].toSorted((one, other) => one - other);
  return Object.fromEntries(
    statuses.map((status) => {
      const specs = codes.filter((code) => ERRORS[code].status === status).map(describe);
      const content = { 'application/problem+json': { schema: problemSchema } };
      return [status, { description: specs.join(' · '), content }];
    }),
  );
}

function describe(code: ErrorCode): string {
  const { title }: ErrorSpec = ERRORS[code];
  return `\`${code}\`: ${title}`;
}

import type { z } from 'zod';
import { AppError } from '../errors.ts';

/** More than this many mistakes are not listed: nobody reads them, and an answer should not outgrow its request. */
const ERRORS_MAX = 20;
const KEY_LENGTH_MAX = 64;

/** Validates a part of a request by its zod schema; every mistake is named by its JSON Pointer (RFC 6901). */
export function compileValidator({ schema }: { schema: z.ZodType }) {
  return (data: unknown) => {
    const parsed = schema.safeParse(data);
    return parsed.success ? { value: parsed.data } : { error: toInvalidRequest(parsed.error) };
  };
}

function toInvalidRequest({ issues }: z.ZodError): AppError {
  const errors = issues.flatMap(openUnion).filter(isFirstOfType).flatMap(describeIssue).slice(0, ERRORS_MAX);
  const where = errors.map(({ pointer, detail }) => `${pointer || 'the body'}: ${detail}`);
  return new AppError('invalid_request', { detail: where.join('; '), errors });
}

/** Of several forms that a field may have, the mistakes in the one whose type was given; the field's own when none was. */
function openUnion(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const isMeant = (mistakes: readonly z.core.$ZodIssue[]) =>
    !mistakes.some(({ code, path }) => code === 'invalid_type' && path.length === 0);
  const [meant, ...others] = issue.errors.filter(isMeant);
  if (meant === undefined || others.length > 0) return [issue];
  return meant.map((mistake) => Object.assign({}, mistake, { path: issue.path.concat(mistake.path) }));
}

/** What is of a wrong type is not told its other faults: a text in an array's place may be too long for one, too. */
function isFirstOfType(issue: z.core.$ZodIssue, index: number, all: readonly z.core.$ZodIssue[]): boolean {
  const place = pointerOf(issue.path);
  return !all.slice(0, index).some(({ code, path }) => code === 'invalid_type' && pointerOf(path) === place);
}

function describeIssue(issue: z.core.$ZodIssue): { pointer: string; detail: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: pointerOf([...issue.path, key]), detail: 'is not a known field' }));
  }
  return [{ pointer: pointerOf(issue.path), detail: issue.message }];
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${escapePart(String(part))}`).join('');
}

const escapePart = (part: string) => part.slice(0, KEY_LENGTH_MAX).replaceAll('~', '~0').replaceAll('/', '~1');

import type { Mode, ProviderKind } from '@watchword/contracts';
import { kindOf } from '@watchword/delivery';
import { AppError } from '@watchword/platform';
import type { z } from 'zod';

type Fields = Readonly<Record<string, string>>;

/**
 * Checks what a provider of this kind needs. A `test` provider is the kind's wire in the sandbox, which takes whatever it is
 * given, nothing included; a `live` one without its credentials would fail at its first message.
 *
 * @throws AppError `invalid_request`, with a pointer for each field
 */
export function requireProviderFields(kind: ProviderKind, mode: Mode, settings: Fields, credentials: Fields): void {
  const errors = [
    ...check(schemaFor(kindOf(kind).settings, mode), settings, '/settings'),
    ...check(schemaFor(kindOf(kind).credentials, mode), credentials, '/credentials'),
  ];
  if (errors.length === 0) return;
  const detail = errors.map((error) => `${error.pointer}: ${error.detail}`).join('; ');
  throw new AppError('invalid_request', { detail, errors });
}

const schemaFor = (schema: z.ZodObject, mode: Mode) => (mode === 'test' ? schema.partial() : schema);

function check(schema: z.ZodObject, given: Fields, pointer: string) {
  const parsed = schema.safeParse(given);
  if (parsed.success) return [];
  return parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((name) => ({ pointer: `${pointer}/${name}`, detail: 'is not a field of this kind' }))
      : [{ pointer: `${pointer}/${issue.path.join('/')}`, detail: describe(issue) }],
  );
}

/** A value that is wrong may be a secret, and zod never repeats it; one that is missing is said so. */
const describe = (issue: z.core.$ZodIssue) =>
  issue.code === 'invalid_type' && issue.input === undefined ? 'is required' : issue.message;

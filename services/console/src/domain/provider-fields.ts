import type { Mode, ProviderKind } from '@watchword/contracts';
import { type KindOfProvider, kindOf } from '@watchword/delivery';
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
  const known = kindOf(kind);
  const wrong = [
    ...check(schemaFor(known.settings, mode), settings, '/settings'),
    ...check(schemaFor(known.credentials, mode), credentials, '/credentials'),
  ];
  const errors = wrong.length > 0 || mode === 'test' ? wrong : lacking(known, settings, credentials);
  if (errors.length === 0) return;
  const detail = errors.map((error) => `${error.pointer}: ${error.detail}`).join('; ');
  throw new AppError('invalid_request', { detail, errors });
}

/** Settings that say where a provider is, and how it is spoken to. */
const PLACES = ['base_url', 'host', 'port', 'security'];

/**
 * Credentials are never shown again, so they must not be carried off either: whoever sends messages to another place says
 * with what.
 *
 * @throws AppError `invalid_request`, pointer `/credentials`
 */
export function requireSamePlace(before: Fields, after: Fields): void {
  const moved = PLACES.find((name) => before[name] !== after[name]);
  if (moved === undefined) return;
  const detail = `must be given again, since ${moved} changes`;
  throw new AppError('invalid_request', {
    detail: `/credentials: ${detail}`,
    errors: [{ pointer: '/credentials', detail }],
  });
}

/** What may be left out alone, and not beside the others. */
const lacking = ({ settings, lackingOf }: KindOfProvider, given: Fields, secret: Fields) =>
  lackingOf(given, secret).map((name) => ({
    pointer: `/${name in settings.shape ? 'settings' : 'credentials'}/${name}`,
    detail: 'is required beside the others',
  }));

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

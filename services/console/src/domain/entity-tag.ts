import { AppError } from '@watchword/platform';

/** A version as an `ETag` (RFC 9110 section 8.8.3). */
export const entityTagOf = ({ version }: { readonly version: number }) => `"${version}"`;

/** `*`: the caller changes whatever version there is. */
export const ANY_VERSION = '*';

/** `If-Match` of a change. Throws `precondition_required` without one, `precondition_failed` when it names another version. */
export function requireMatch(ifMatch: string | undefined, known: { readonly version: number }): void {
  if (ifMatch === undefined || ifMatch.trim() === '') {
    throw new AppError('precondition_required', {
      detail: 'Send If-Match with the ETag that reading it answered, or * to change it whatever it is.',
    });
  }
  const wanted = new Set(ifMatch.split(',').map((tag) => tag.trim()));
  if (!wanted.has(ANY_VERSION) && !wanted.has(entityTagOf(known))) throw versionDiffers(known);
}

export const versionDiffers = (known?: { readonly version: number }) =>
  new AppError('precondition_failed', {
    detail: `${known ? `Its ETag is ${entityTagOf(known)} now` : 'It was changed meanwhile'}: read it again, then decide.`,
  });

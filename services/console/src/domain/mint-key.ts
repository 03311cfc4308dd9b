import { createHash } from 'node:crypto';
import { mintApiKey } from '@watchword/platform';
import type { ApiKeyDocument } from '@watchword/records';
import { newId } from './new-id.ts';

/** A key as it is shown once, and what is kept of it. */
export interface MintedKey {
  readonly key: string;
  readonly document: ApiKeyDocument;
}

/** `ww_test_` and four characters: enough to know a key by, far too few to guess it. */
const HINT_LENGTH = 12;

/** `by`: the id of who made it; `now` in ms. */
export function mintKey(
  fields: Pick<ApiKeyDocument, 'project' | 'name' | 'mode' | 'scopes' | 'expires_at'>,
  by: string,
  now: number,
): MintedKey {
  const key = mintApiKey(fields.mode);
  const document: ApiKeyDocument = {
    id: newId('key', now),
    ...fields,
    hash: createHash('sha256').update(key).digest('hex'),
    hint: key.slice(0, HINT_LENGTH),
    revoked_at: null,
    replaced_by: null,
    created_by: by,
    created_at: now,
    updated_at: now,
    version: 1,
  };
  return { key, document };
}

import { ROOT_PROJECT } from '@watchword/contracts';
import type { ApiKeyDocument, BlindIndex, Records, UserDocument } from '@watchword/records';
import type { Sealer } from '@watchword/verifications';
import { newId } from '../domain/new-id.ts';
import { newRootProject } from './projects.ts';

export interface Initialize {
  readonly records: Pick<Records, 'configuration' | 'audit' | 'addUser' | 'hasOwner'>;
  readonly sealer: Sealer;
  /** The id of its current key. */
  readonly sealKey: number;
  readonly blindIndex: Pick<BlindIndex, 'of'>;
  readonly owner: { readonly email: string; readonly passwordHash: string };
  readonly key: ApiKeyDocument;
  readonly now: number;
}

/**
 * Makes the owner and the first key, before anybody can do so by the API. The owner last: what was cut off is begun anew.
 * The project is left marked, so that the console publishes the key when it runs.
 */
export async function initialize(options: Initialize): Promise<'done' | 'has_owner'> {
  const { records, key, now } = options;
  if (await records.hasOwner()) return 'has_owner';
  const { projects, keys } = records.configuration;
  await projects.create(newRootProject(now));
  await projects.markChanging(ROOT_PROJECT, now);
  const user = toUser(options);
  await records.audit.append(entryOf('key.create', 'key', key.id, options));
  await keys.create(key);
  // A console whose clock is ahead may have taken the first mark for a dead change's.
  await projects.markChanging(ROOT_PROJECT, now);
  await records.audit.append(entryOf('user.create', 'user', user.id, options));
  await records.addUser(user);
  return 'done';
}

function toUser({ owner, sealer, sealKey, blindIndex, now }: Initialize): UserDocument {
  const id = newId('usr', now);
  const { key, digest } = blindIndex.of(owner.email);
  return {
    id,
    email: sealer.seal(owner.email, id, 'email'),
    seal_key: sealKey,
    email_index: digest,
    email_index_key: key,
    password_hash: owner.passwordHash,
    status: 'active',
    roles: { '*': 'owner' },
    failed_sign_ins: 0,
    locked_until: null,
    created_at: now,
    updated_at: now,
    version: 1,
  };
}

function entryOf(action: string, resource: string, id: string, { now }: Initialize) {
  return {
    id: newId('aud', now),
    project: ROOT_PROJECT,
    actor: 'command',
    action,
    resource,
    resource_id: id,
    before: null,
    after: null,
    request_id: 'init',
    at: now,
  };
}

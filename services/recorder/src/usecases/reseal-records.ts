import { setTimeout as delay } from 'node:timers/promises';
import type { KeyRing } from '@watchword/platform';
import type { BlindIndex, OtherKey, PageCursor, Records, SealedCollection, SealedDocument } from '@watchword/records';
import { type SealedField, type Sealer, SealKeyMissing } from '@watchword/verifications';
import { indexAddresses, userIdIn } from './index-sealed.ts';

export interface ResealProgress {
  /** Documents that stand under the current keys since. */
  readonly resealed: number;
  /** Documents whose key is in no ring any more: nobody can read what they hold. Of the pass that runs. */
  readonly lost: number;
  readonly passes: number;
}

export interface ResealRecordsOptions {
  readonly records: Pick<Records, 'listUnderOtherKey' | 'reseal'>;
  readonly sealer: Sealer;
  readonly blindIndex: Pick<BlindIndex, 'of' | 'ofUser'>;
  /** The rings, with the key to go and the key to stay: only their current keys are looked at. */
  readonly sealKeys: Pick<KeyRing, 'current'>;
  readonly indexKeys: Pick<KeyRing, 'current'>;
  /** Asks for a project's configuration to be published anew; its copy holds sealed values. Awaited before and after each. */
  readonly republish: (project: string) => Promise<void>;
  readonly onProgress?: (progress: ResealProgress) => void;
  /** How long nothing may have changed: longer than anybody holds what they have read. */
  readonly quietMs?: number;
}

const PER_PAGE = 100;
const QUIET_MS = 5_000;

/** What is sealed beside verifications: one field each, bound to the document's id under the field's name. */
const SEALED_FIELDS = {
  providers: 'credentials',
  lists: 'entries',
} as const satisfies Partial<Record<SealedCollection, SealedField>>;
type Configured = keyof typeof SEALED_FIELDS;

/**
 * Seals everything anew that stands under another key than the current one, and indexes it anew, so that the others may be
 * taken out of their rings. Every change is atomic and finds the document under the keys it was read with, so this may run
 * beside recorders, which leave sealed fields of known documents as they are, and be cut off anywhere. Somebody who still has
 * the other key first, or changes a provider at this moment, may bring it back: passes follow one another until one, begun
 * after a quiet time, finds nothing to do.
 */
export async function resealRecords(options: ResealRecordsOptions): Promise<ResealProgress> {
  const { quietMs = QUIET_MS, onProgress } = options;
  let resealed = 0;
  for (let passes = 1; ; passes += 1) {
    const pass = { resealed: 0, lost: 0 };
    const tell = (result: Resealed) => {
      if (result !== 'changed') pass[result] += 1;
      onProgress?.({ resealed: resealed + pass.resealed, lost: pass.lost, passes });
    };
    await resealVerifications(options, tell);
    await resealUsers(options, tell);
    for (const name of Object.keys(SEALED_FIELDS) as Configured[]) await resealConfigured(options, name, tell);
    resealed += pass.resealed;
    if (pass.resealed === 0 && passes > 1) return { resealed, lost: pass.lost, passes };
    await delay(quietMs);
  }
}

/** `changed`: by somebody else, who is seen in the next pass. */
type Resealed = 'resealed' | 'lost' | 'changed';

async function resealVerifications(
  { records, sealer, blindIndex, sealKeys, indexKeys }: ResealRecordsOptions,
  tell: (result: Resealed) => void,
): Promise<void> {
  async function resealOne(document: SealedDocument<'verifications'>): Promise<Resealed> {
    const { id, project, seal_key, destination_index_key } = document;
    const plain = openOrLose(() => ({
      destination: sealer.unseal(document.destination, id, 'destination'),
      context: document.context && sealer.unseal(document.context, id, 'context'),
    }));
    if (plain === undefined) return 'lost';
    const userId = plain.context === null ? undefined : userIdIn(plain.context);
    const user = userId === undefined ? undefined : blindIndex.ofUser(project, userId);
    const hasChanged = await records.reseal(
      'verifications',
      { id, seal_key, destination_index_key },
      {
        destination: sealer.seal(plain.destination, id, 'destination'),
        seal_key: sealKeys.current.id,
        ...indexAddresses(blindIndex, plain.destination),
        context: plain.context === null ? null : sealer.seal(plain.context, id, 'context'),
        user_index: user?.digest ?? null,
        user_index_key: user?.key ?? null,
      },
    );
    return hasChanged ? 'resealed' : 'changed';
  }

  for (const [field, { current }] of [
    ['seal_key', sealKeys],
    ['destination_index_key', indexKeys],
  ] as const) {
    await eachUnderOtherKey(records, 'verifications', field, current.id, async (page) => {
      for (const result of await Promise.all(page.map(resealOne))) tell(result);
    });
  }
}

async function resealUsers(
  { records, sealer, blindIndex, sealKeys, indexKeys }: ResealRecordsOptions,
  tell: (result: Resealed) => void,
): Promise<void> {
  async function resealOne(user: SealedDocument<'users'>): Promise<Resealed> {
    const { id, email, seal_key, email_index_key, version } = user;
    const plain = openOrLose(() => sealer.unseal(email, id, 'email'));
    if (plain === undefined) return 'lost';
    const { key, digest } = blindIndex.of(plain);
    const hasChanged = await records.reseal(
      'users',
      { id, seal_key, email_index_key, version },
      {
        email: sealer.seal(plain, id, 'email'),
        seal_key: sealKeys.current.id,
        email_index: digest,
        email_index_key: key,
        version: version + 1,
      },
    );
    return hasChanged ? 'resealed' : 'changed';
  }

  for (const [field, { current }] of [
    ['seal_key', sealKeys],
    ['email_index_key', indexKeys],
  ] as const) {
    await eachUnderOtherKey(records, 'users', field, current.id, async (page) => {
      for (const user of page) tell(await resealOne(user));
    });
  }
}

async function resealConfigured(
  { records, sealer, sealKeys, republish }: ResealRecordsOptions,
  name: Configured,
  tell: (result: Resealed) => void,
): Promise<void> {
  const field = SEALED_FIELDS[name];
  await eachUnderOtherKey(records, name, 'seal_key', sealKeys.current.id, async (page) => {
    for (const document of page) {
      const { id, project, seal_key, version } = document;
      const sealed = (document as unknown as Readonly<Record<string, Buffer>>)[field] as Buffer;
      const plain = openOrLose(() => sealer.unseal(sealed, id, field));
      if (plain === undefined) {
        tell('lost');
        continue;
      }
      // Before, so that being cut off leaves no copy under the old key; after, since the first may have been heard too early.
      await republish(project);
      // Whoever changes it at this moment names a version too: neither can put back what the other has replaced.
      const set = { [field]: sealer.seal(plain, id, field), seal_key: sealKeys.current.id, version: version + 1 };
      const hasChanged = await records.reseal(name, { id, seal_key, version }, set);
      await republish(project);
      tell(hasChanged ? 'resealed' : 'changed');
    }
  });
}

/** Undefined when the key has been retired. @throws when the value is no sealed one, or its key comes with a restart. */
function openOrLose<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    if (error instanceof SealKeyMissing && !error.toCome) return undefined;
    throw error;
  }
}

/** By pages, so that what is lost is passed by; what changes while this goes on is found by the next pass. */
async function eachUnderOtherKey<Name extends SealedCollection>(
  records: Pick<Records, 'listUnderOtherKey'>,
  name: Name,
  field: 'seal_key' | 'destination_index_key' | 'email_index_key',
  current: number,
  work: (page: readonly SealedDocument<Name>[]) => Promise<void>,
): Promise<void> {
  for (const other of [{ lt: current }, { gt: current }] satisfies OtherKey[]) {
    let after: PageCursor | null = null;
    do {
      const page: { items: SealedDocument<Name>[]; next: PageCursor | null } = await records.listUnderOtherKey(
        name,
        field,
        other,
        after,
        PER_PAGE,
      );
      if (page.items.length > 0) await work(page.items);
      after = page.next;
    } while (after !== null);
  }
}

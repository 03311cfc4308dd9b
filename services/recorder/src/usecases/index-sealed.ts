import type { BlindIndex } from '@watchword/records';
import { type Sealer, SealKeyMissing } from '@watchword/verifications';
import { kindsOf, unpackAddresses } from '@watchword/verifications/addresses';
import { z } from 'zod';
import type { SealedParts } from '../domain/fold.ts';
import type { StreamEvent } from '../domain/stream-event.ts';

export interface IndexSealedDeps {
  readonly sealer: Pick<Sealer, 'unseal'>;
  readonly blindIndex: Pick<BlindIndex, 'of' | 'ofUser'>;
}

const contextSchema = z.object({ client: z.object({ user_id: z.string().optional() }).optional() });

/** The caller's own name for the end user, if the context has one. */
export function userIdIn(context: string): string | undefined {
  try {
    return contextSchema.parse(JSON.parse(context)).client?.user_id;
  } catch {
    // It was sealed by us and is of an unknown make: it names nobody, and the rest is worth recording.
    return undefined;
  }
}

export type AddressIndexes = Pick<
  SealedParts,
  'destination_index' | 'second_index' | 'third_index' | 'destination_index_key'
>;

/** The blind indexes of all addresses that a verification was sealed with, the one that stands for it first. */
export function indexAddresses(blindIndex: Pick<BlindIndex, 'of'>, opened: string): AddressIndexes {
  const addresses = unpackAddresses(opened);
  const indexed = kindsOf(addresses).flatMap((kind) => {
    const address = addresses[kind];
    return address === undefined ? [] : [blindIndex.of(address)];
  });
  const [first, second, third] = indexed;
  return {
    destination_index: first?.digest ?? null,
    second_index: second?.digest ?? null,
    third_index: third?.digest ?? null,
    destination_index_key: first?.key ?? null,
  };
}

/** Opens what is sealed for as long as it takes to index it. */
export function createIndexSealed({ sealer, blindIndex }: IndexSealedDeps) {
  /** Undefined when the destination does not open, though its key is there. */
  return function indexSealed(
    id: string,
    project: string,
    sealed: NonNullable<StreamEvent['sealed']>,
  ): SealedParts | undefined {
    const parts: SealedParts = {
      ...sealed,
      seal_key: sealed.destination[0] ?? null,
      destination_index: null,
      second_index: null,
      third_index: null,
      destination_index_key: null,
      user_index: null,
      user_index_key: null,
      erased_at: null,
    };
    try {
      const indexes = indexAddresses(blindIndex, sealer.unseal(sealed.destination, id, 'destination'));
      const context = sealed.context && sealer.unseal(sealed.context, id, 'context');
      const userId = context === null ? undefined : userIdIn(context);
      const user = userId === undefined ? undefined : blindIndex.ofUser(project, userId);
      return {
        ...parts,
        ...indexes,
        user_index: user?.digest ?? null,
        user_index_key: user?.key ?? null,
      };
    } catch (error) {
      // A key that comes with a restart is waited for: recorded now, the destination would never be found.
      if (error instanceof SealKeyMissing && error.toCome) throw error;
      // Sealed under a key that was retired: the destination is lost, and the rest is worth recording.
      if (error instanceof SealKeyMissing) return parts;
      return undefined;
    }
  };
}

import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { isKeyToCome, type KeyRing } from '@watchword/platform';

/**
 * Which field a sealed value belongs to; it opens nowhere else. Those of a verification or an erasure, the entries of a list,
 * the credentials of a provider, the address of a user.
 */
export type SealedField = 'destination' | 'code' | 'context' | 'entries' | 'credentials' | 'email';

export interface Sealer {
  /** Ids of the keys whose values are not lost, a byte each: those held, and those still to come. */
  readonly keyIds: Buffer;
  /** AES-256-GCM: key id (1 byte), nonce (12), ciphertext, tag (16); bound to the id of what it belongs to and the field. */
  seal(plain: string, id: string, field: SealedField): Buffer;
  /** Throws when the value was sealed for another id or field, or changed; `SealKeyMissing` when its key is gone. */
  unseal(sealed: Buffer, id: string, field: SealedField): string;
}

/** The key that a value was sealed under has been retired, and the value is lost; or it is still `toCome`, with a restart. */
export class SealKeyMissing extends Error {
  override readonly name = 'SealKeyMissing';
  readonly toCome: boolean;

  constructor(toCome: boolean) {
    super('The value was sealed under a key that is not in the ring');
    this.toCome = toCome;
  }
}

/** Undefined when the value's key is missing. */
export function unsealIfHeld(
  sealer: Pick<Sealer, 'unseal'>,
  sealed: Buffer,
  id: string,
  field: SealedField,
): string | undefined {
  try {
    return sealer.unseal(sealed, id, field);
  } catch (error) {
    if (error instanceof SealKeyMissing) return undefined;
    throw error;
  }
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_MAX = 255;

export function createSealer(ring: KeyRing): Sealer {
  const keys = new Map(ring.keys.map(({ id, key }) => [id, createSecretKey(key.reveal())]));
  const current = createSecretKey(ring.current.key.reveal());
  const keyIds = Array.from({ length: KEY_ID_MAX }, (_, index) => index + 1);
  return {
    keyIds: Buffer.from(keyIds.filter((id) => keys.has(id) || isKeyToCome(ring, id))),
    seal(plain, id, field) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', current, nonce).setAAD(Buffer.from(`${id}:${field}`));
      return Buffer.concat([
        Buffer.of(ring.current.id),
        nonce,
        cipher.update(plain, 'utf8'),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
    },
    unseal(sealed, id, field) {
      const keyId = sealed[0] ?? 0;
      const key = keys.get(keyId);
      if (key === undefined) throw new SealKeyMissing(isKeyToCome(ring, keyId));
      const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(`${id}:${field}`))
        .setAuthTag(sealed.subarray(-TAG_BYTES));
      const plain = decipher.update(sealed.subarray(1 + NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([plain, decipher.final()]).toString('utf8');
    },
  };
}

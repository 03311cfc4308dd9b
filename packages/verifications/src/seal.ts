import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import type { KeyRing } from '@watchword/platform';

/** Which field a sealed value belongs to; it opens nowhere else. */
export type SealedField = 'destination' | 'code' | 'context';

export interface Sealer {
  /** AES-256-GCM: key id (1 byte), nonce (12), ciphertext, tag (16); bound to the verification and the field. */
  seal(plain: string, id: string, field: SealedField): Buffer;
  /** Throws when the value was sealed for another verification or field, or changed; `SealKeyMissing` when its key is gone. */
  unseal(sealed: Buffer, id: string, field: SealedField): string;
}

/** The key that a value was sealed under has been retired: the value is lost, and so it shall be. */
export class SealKeyMissing extends Error {
  constructor() {
    super('The value was sealed under a key that is not in the ring');
    this.name = 'SealKeyMissing';
  }
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function createSealer(ring: KeyRing): Sealer {
  const keys = new Map(ring.keys.map(({ id, key }) => [id, createSecretKey(key.reveal())]));
  const current = createSecretKey(ring.current.key.reveal());
  return {
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
      const key = keys.get(sealed[0] ?? 0);
      if (key === undefined) throw new SealKeyMissing();
      const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(`${id}:${field}`))
        .setAuthTag(sealed.subarray(-TAG_BYTES));
      const plain = decipher.update(sealed.subarray(1 + NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([plain, decipher.final()]).toString('utf8');
    },
  };
}

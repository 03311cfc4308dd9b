import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import type { Secret } from '@watchword/platform';

/** Which field a sealed value belongs to; it opens nowhere else. */
export type SealedField = 'destination' | 'code' | 'context';

export interface Sealer {
  /** AES-256-GCM: key id (1 byte), nonce (12), ciphertext, tag (16); bound to the verification and the field. */
  seal(plain: string, id: string, field: SealedField): Buffer;
  /** Throws when the value was sealed for another verification or field, or changed. */
  unseal(sealed: Buffer, id: string, field: SealedField): string;
}

const KEY_ID = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function createSealer(sealKey: Secret<Buffer>): Sealer {
  const key = createSecretKey(sealKey.reveal());
  return {
    seal(plain, id, field) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(`${id}:${field}`));
      return Buffer.concat([
        Buffer.of(KEY_ID),
        nonce,
        cipher.update(plain, 'utf8'),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
    },
    unseal(sealed, id, field) {
      if (sealed[0] !== KEY_ID) throw new Error('The value was sealed under an unknown key');
      const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(`${id}:${field}`))
        .setAuthTag(sealed.subarray(-TAG_BYTES));
      const plain = decipher.update(sealed.subarray(1 + NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([plain, decipher.final()]).toString('utf8');
    },
  };
}

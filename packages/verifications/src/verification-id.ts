import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { decodeBase32, encodeBase32 } from '@watchword/platform';

/** What an id says to those who hold the id key; to everyone else it is 26 random characters. */
export interface VerificationAddress {
  /** 0–63: the logical shard, hence the hash tag of every key. */
  readonly shard: number;
  /** 60 bits as 12 base32 characters: a keyed hash of project, mode, purpose and destination. */
  readonly handle: string;
  /** 0–63: under which pepper and cost its codes are digested. */
  readonly profile: number;
}

export const VERIFICATION_PREFIX = 'ver_';
const BODY = /^[0-9a-hjkmnp-tv-z]{26}$/;
const ZERO_BYTES = 3;

/**
 * Ids are one AES-128 block: shard 6 bits, handle 60, digest profile 6, random 32, 24 zero bits as proof. So an id alone
 * names every key a script needs, and a made-up one is refused without a look-up or a hash (it passes with 2⁻²⁴).
 */
export interface VerificationIds {
  /** A fresh id: 26 characters, without its prefix. */
  create(address: VerificationAddress): string;
  /** Null for anything that was not made with this key. */
  open(id: string): VerificationAddress | null;
}

export function createVerificationIds(key: KeyObject): VerificationIds {
  return {
    create({ shard, handle, profile }) {
      const handleBits = BigInt(`0x${(decodeBase32(`${handle}0`) as Buffer).toString('hex')}`) >> 4n;
      const random = BigInt(`0x${randomBytes(4).toString('hex')}`);
      const block = (((((BigInt(shard) << 60n) | handleBits) << 6n) | BigInt(profile)) << 56n) | (random << 24n);
      const plain = Buffer.from(block.toString(16).padStart(32, '0'), 'hex');
      const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
      return encodeBase32(Buffer.concat([cipher.update(plain), cipher.final()]));
    },
    open(id) {
      const sealed = BODY.test(id) ? decodeBase32(id) : null;
      if (sealed === null) return null;
      const decipher = createDecipheriv('aes-128-ecb', key, null).setAutoPadding(false);
      const plain = Buffer.concat([decipher.update(sealed), decipher.final()]);
      if (plain.readUIntBE(16 - ZERO_BYTES, ZERO_BYTES) !== 0) return null;
      const block = BigInt(`0x${plain.toString('hex')}`);
      const handleBits = (block >> 62n) & ((1n << 60n) - 1n);
      return {
        shard: Number(block >> 122n),
        handle: encodeBase32(Buffer.from((handleBits << 4n).toString(16).padStart(16, '0'), 'hex')).slice(0, 12),
        profile: Number((block >> 56n) & 63n),
      };
    },
  };
}

/** `ver_…` → its 26 characters, or null when it has another shape. */
export function stripVerificationPrefix(publicId: string): string | null {
  return publicId.startsWith(VERIFICATION_PREFIX) ? publicId.slice(VERIFICATION_PREFIX.length) : null;
}

export interface DeliveryRef {
  readonly id: string;
  readonly ordinal: number;
}

/** A delivery's id is its verification's plus an ordinal; an attempt's adds another. At most 40 characters, no `:`. */
export const deliveryIdOf = ({ id, ordinal }: DeliveryRef) => `del_${id}-${ordinal}`;
export const attemptIdOf = ({ id, ordinal }: DeliveryRef, attempt: number) => `att_${id}-${ordinal}-${attempt}`;

export function parseDeliveryId(deliveryId: string): DeliveryRef | null {
  const match = /^del_([0-9a-z]{26})-([1-9]\d{0,3})$/.exec(deliveryId);
  return match ? { id: match[1] as string, ordinal: Number(match[2]) } : null;
}

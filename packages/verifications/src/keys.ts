import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { Secret } from '@watchword/platform';

/** Keys derived from the id key, which never rotates: it names every Redis key of a verification. */
export interface AddressKeys {
  readonly id: KeyObject;
  readonly destination: KeyObject;
  readonly binding: KeyObject;
}

/** HKDF-SHA256 (RFC 5869), one label per use. */
export function deriveAddressKeys(idKey: Secret<Buffer>): AddressKeys {
  const derive = (label: string, bytes: number) =>
    createSecretKey(Buffer.from(hkdfSync('sha256', idKey.reveal(), '', `watchword ${label}`, bytes)));
  return { id: derive('verification id', 16), destination: derive('destination', 32), binding: derive('binding', 32) };
}

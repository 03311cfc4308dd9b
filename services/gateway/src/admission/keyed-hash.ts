import { createHmac, createSecretKey, hkdfSync } from 'node:crypto';
import type { Secret } from '@watchword/platform';

/** Names what callers send in Redis, where none of their text must be. The parts tell apart what is hashed for what. */
export type KeyedHash = (...parts: readonly string[]) => string;

export function createKeyedHash(hopKey: Secret<Buffer>): KeyedHash {
  // A KeyObject is an order of magnitude faster to sign with than a Buffer.
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', hopKey.reveal(), '', 'watchword idempotency', 32)));
  return (...parts) => createHmac('sha256', key).update(parts.join('\n')).digest('base64url');
}

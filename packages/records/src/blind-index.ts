import { createHmac } from 'node:crypto';
import type { KeyRing, RingKey } from '@watchword/platform';

export interface IndexedDestination {
  /** 1–255: the key's id in the ring. */
  readonly key: number;
  /** 32 bytes. */
  readonly digest: Buffer;
}

export interface BlindIndex {
  /** Under the current key: what stands beside a new record. */
  of(destination: string): IndexedDestination;
  /** Under every key of the ring: what to look for. */
  all(destination: string): IndexedDestination[];
}

/** Finds records by their destination without storing it: HMAC-SHA256 under keys that Redis and the database never see. */
export function createBlindIndex(ring: KeyRing): BlindIndex {
  const digest = (destination: string, { id, key }: RingKey) => ({
    key: id,
    digest: createHmac('sha256', key.reveal()).update(`destination:${destination}`).digest(),
  });
  return {
    of: (destination) => digest(destination, ring.current),
    all: (destination) => ring.keys.map((key) => digest(destination, key)),
  };
}

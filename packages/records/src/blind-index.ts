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
  /** The same of a caller's `client.user_id`, which means something within its project only. */
  ofUser(project: string, userId: string): IndexedDestination;
  allOfUser(project: string, userId: string): IndexedDestination[];
}

/** Finds records by what they do not store: HMAC-SHA256 under keys that Redis and the database never see. */
export function createBlindIndex(ring: KeyRing): BlindIndex {
  const digest = (text: string, { id, key }: RingKey) => ({
    key: id,
    digest: createHmac('sha256', key.reveal()).update(text).digest(),
  });
  const ofDestination = (destination: string) => `destination:${destination}`;
  const ofUser = (project: string, userId: string) => `user:${project}:${userId}`;
  return {
    of: (destination) => digest(ofDestination(destination), ring.current),
    all: (destination) => ring.keys.map((key) => digest(ofDestination(destination), key)),
    ofUser: (project, userId) => digest(ofUser(project, userId), ring.current),
    allOfUser: (project, userId) => ring.keys.map((key) => digest(ofUser(project, userId), key)),
  };
}

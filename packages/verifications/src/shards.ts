import { createHmac } from 'node:crypto';
import { encodeBase32 } from '@watchword/platform';
import type { AddressKeys } from './keys.ts';
import type { Owner } from './outcomes.ts';
import type { VerificationAddress } from './verification-id.ts';

export const SHARDS = 64;

/** Everything about one destination lives in one shard, whatever the project, mode or purpose: erasing relies on it. */
export function shardOf(keys: AddressKeys, destination: string): number {
  return (createHmac('sha256', keys.destination).update(destination).digest()[0] as number) % SHARDS;
}

/**
 * Where a destination's pacing, streak and latest verifications stand: apart for each project, mode and purpose. Before the mode
 * was a part of it both modes shared a handle. What was opened then carries that one in its id, so it is still judged, resent
 * and canceled by id; by destination it is not found any more, and it ends by its expiry.
 */
export function locate(keys: AddressKeys, { project, mode }: Owner, purpose: string, destination: string) {
  const place = `${project}\0${mode}\0${purpose}\0${destination}`;
  const handle = createHmac('sha256', keys.destination).update(place).digest();
  return { shard: shardOf(keys, destination), handle: encodeBase32(handle.subarray(0, 8)).slice(0, 12) };
}

/** 16 bytes for a binding whatever the order of its fields; empty for none. Keyed, since amounts are easy to guess. */
export function digestBinding(keys: AddressKeys, binding: Readonly<Record<string, string>> | undefined): Buffer {
  if (binding === undefined) return Buffer.alloc(0);
  const fields = Object.entries(binding).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return createHmac('sha256', keys.binding).update(JSON.stringify(fields)).digest().subarray(0, 16);
}

/** A destination's pointer names a verification; behind the id may stand until when it is kept. */
export const idOfPointer = (pointer: string): string => pointer.split(':')[0] ?? '';

const tagOf = (shard: number) => `ww:{${String(shard).padStart(2, '0')}}`;

export const shardKeys = (shard: number) => ({
  events: `${tagOf(shard)}:events`,
  due: `${tagOf(shard)}:due`,
  /** An operation stands for one `Idempotency-Key`; without one the key is named but never used. */
  operation: (operation: string) => `${tagOf(shard)}:op:${operation}`,
  verificationPrefix: `${tagOf(shard)}:v:`,
  verification: (id: string) => `${tagOf(shard)}:v:${id}`,
  destination: (handle: string) => `${tagOf(shard)}:d:${handle}`,
});

export function keysOf(
  id: string,
  { shard, handle }: Pick<VerificationAddress, 'shard' | 'handle'>,
  operation: string,
) {
  const keys = shardKeys(shard);
  return {
    verification: keys.verification(id),
    destination: keys.destination(handle),
    operation: keys.operation(operation),
    events: keys.events,
    due: keys.due,
  };
}

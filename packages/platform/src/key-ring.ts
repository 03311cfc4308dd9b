import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Secret } from './secret.ts';

export interface RingKey {
  /** 1–255; stands beside whatever was made with the key. */
  readonly id: number;
  readonly key: Secret<Buffer>;
}

/** Keys of one use: the current one makes new values, the others still read what they made. */
export interface KeyRing {
  readonly current: RingKey;
  readonly keys: readonly RingKey[];
}

export const keyOfRing = (ring: KeyRing, id: number): Secret<Buffer> | undefined =>
  ring.keys.find((entry) => entry.id === id)?.key;

/**
 * Whether a key that the ring lacks is still to come: ids grow. What was made with it can be read after a restart; what
 * was made with a missing key that is older is lost, for that one was retired.
 */
export const isKeyToCome = (ring: KeyRing, id: number): boolean => ring.keys.every((entry) => entry.id < id);

/** A ring of one key, whose id is 1. */
export function singleKeyRing(key: Secret<Buffer>): KeyRing {
  const current = { id: 1, key };
  return { current, keys: [current] };
}

/** 32 random bytes as 43 base64url characters. */
export const newKeyText = () => randomBytes(32).toString('base64url');

/** The ring as its variable and `keys.json` have it. */
export const formatKeyRing = ({ keys }: KeyRing): string =>
  keys.map(({ id, key }) => `${id}:${key.reveal().toString('base64url')}`).join(',');

const RING = /^(\d{1,3}:)?[A-Za-z0-9_-]{43}(,\d{1,3}:[A-Za-z0-9_-]{43})*$/;

/** One key of 32 bytes as 43 base64url characters; or several, `<id>:<key>` by commas, the current one first. */
export const keyRingVariable = () =>
  z
    .string({ error: 'is required: 32 random bytes as base64url' })
    .regex(RING, 'must be 32 bytes as 43 base64url characters (several as id:key, by commas, the current one first)')
    .transform(parseRing)
    .refine(({ keys }) => keys.every(({ id }) => id >= 1 && id <= 255), 'must have key ids from 1 to 255')
    .refine(({ keys }) => new Set(keys.map(({ id }) => id)).size === keys.length, 'must name each key id once');

function parseRing(text: string): KeyRing {
  const keys = text.split(',').map((entry): RingKey => {
    const [key = '', id = '1'] = entry.split(':').toReversed();
    return { id: Number(id), key: new Secret(Buffer.from(key, 'base64url')) };
  });
  return { current: keys[0] as RingKey, keys };
}

import { randomBytes } from 'node:crypto';
import { encodeBase32 } from '@watchword/platform';

export type IdPrefix = 'prj' | 'pln' | 'key' | 'pol' | 'tpl' | 'rte' | 'prv' | 'lst' | 'aud' | 'usr';

const TIME_BYTES = 6;
const RANDOM_BYTES = 10;

/** `pol_` and 26 characters: the time in ms, then 80 random bits, so that ids sort by when they were made. */
export function newId(prefix: IdPrefix, now: number): string {
  const time = Buffer.alloc(TIME_BYTES);
  time.writeUIntBE(now, 0, TIME_BYTES);
  return `${prefix}_${encodeBase32(Buffer.concat([time, randomBytes(RANDOM_BYTES)]))}`;
}

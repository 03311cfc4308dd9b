import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyRing, Secret } from '@watchword/platform';
import type { PageCursor } from '@watchword/records';
import { z } from 'zod';
import { refuseField } from './refusals.ts';

const MAC_BYTES = 16;
const partsSchema = z.tuple([z.number(), z.string().max(64), z.string().max(64)]);

/** What a search asked for: the same list of values in the same order, whichever page it is. */
export type SearchTerms = readonly (string | number | undefined)[];

export interface SearchCursors {
  encode(place: PageCursor, terms: SearchTerms): string;
  /** @throws AppError `invalid_request` for one that was not given for these terms. */
  decode(text: string, terms: SearchTerms): PageCursor;
}

/**
 * Cursors go on where a search with the same terms left off, and refuse another's. They are keyed, since a plain digest of a
 * destination could be found by trying all numbers; any key of the ring will do, so that a new one disturbs nobody's paging.
 */
export function createSearchCursors(ring: KeyRing): SearchCursors {
  const macOf = (key: Secret<Buffer>, place: PageCursor, terms: SearchTerms) =>
    createHmac('sha256', key.reveal())
      .update(`cursor:${JSON.stringify([place.value, place.id, ...terms.map((term) => term ?? null)])}`)
      .digest()
      .subarray(0, MAC_BYTES);
  return {
    encode(place, terms) {
      const mac = macOf(ring.current.key, place, terms).toString('base64url');
      return Buffer.from(JSON.stringify([place.value, place.id, mac])).toString('base64url');
    },
    decode(text, terms) {
      const parts = parse(text);
      if (parts !== undefined) {
        const [value, id, mac] = parts;
        const given = Buffer.from(mac, 'base64url');
        const isOurs = ring.keys.some(({ key }) => isSame(given, macOf(key, { value, id }, terms)));
        if (isOurs) return { value, id };
      }
      throw refuseField('invalid_request', '/cursor', 'is not a next_cursor of a search with these filters');
    },
  };
}

function parse(text: string): z.infer<typeof partsSchema> | undefined {
  try {
    return partsSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    // Whatever is wrong with it, it is none of ours.
    return undefined;
  }
}

const isSame = (left: Buffer, right: Buffer) => left.length === right.length && timingSafeEqual(left, right);

import { RecordsRejected } from './store.ts';

/** A MongoDB takes 16 MiB; some of it is left for the names of the fields. */
export const DOCUMENT_BYTES_MAX = 15 * 1024 * 1024;
const DEPTH_MAX = 100;
const NUMBER_BYTES = 8;
/** Of each value: its type, the end of its name, and its length. */
const ENTRY_BYTES = 7;
/** No path leads through these, and drivers take the last two for something of their own. */
const isStorable = (name: string) => !name.includes('\0') && name !== '_bsontype' && name !== '__proto__';

/**
 * At least what a value takes in a database.
 *
 * @throws RecordsRejected when a database would refuse or lose it; `where` names it, and never its content.
 */
export function sizeOf(where: string, value: unknown, depth = 0): number {
  if (typeof value === 'string') return ENTRY_BYTES + Buffer.byteLength(value);
  if (value instanceof Uint8Array) return ENTRY_BYTES + value.byteLength;
  if (typeof value !== 'object' || value === null) return ENTRY_BYTES + NUMBER_BYTES;
  if (depth === DEPTH_MAX) throw new RecordsRejected(`${where} is nested more than ${DEPTH_MAX} deep`);
  let size = ENTRY_BYTES;
  for (const [name, inner] of Object.entries(value)) {
    if (!isStorable(name)) throw new RecordsRejected(`${where} has a name in it that cannot be stored`);
    size += Buffer.byteLength(name) + sizeOf(where, inner, depth + 1);
  }
  return size;
}

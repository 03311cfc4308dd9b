import {
  formatKeyRing,
  type KeyRing,
  type KeysFile,
  keyRingVariable,
  newKeyText,
  type RingName,
} from '@watchword/platform';

/** Longer than any code lives, hence than anything that is sealed or digested under a key which is current no more. */
export const RETIRE_AFTER_MS = 600_000;
const ID_MAX = 255;

/** The change cannot be made; its message says what to do instead. */
export class RotationRefused extends Error {}

export const ringOf = (keys: KeysFile, ring: RingName): KeyRing => keyRingVariable().parse(keys[ring]);

/** Adds a fresh key, which makes nothing yet: every process has to know it first. An id is never used twice, also not a retired one's. */
export function addKey(keys: KeysFile, ring: RingName, now: Date): KeysFile {
  const present = ringOf(keys, ring);
  const used = keys.changes.filter((change) => change.ring === ring).map((change) => change.id);
  const id = 1 + Math.max(...present.keys.map((entry) => entry.id), ...used);
  if (id > ID_MAX) throw new RotationRefused(`All ${ID_MAX} key ids of ${ring} were used.`);
  return {
    ...keys,
    [ring]: `${formatKeyRing(present)},${id}:${newKeyText()}`,
    changes: [...keys.changes, { at: now.toISOString(), ring, change: 'added', id }],
  };
}

/** Makes the newest key the current one. */
export function promoteKey(keys: KeysFile, ring: RingName, now: Date): KeysFile {
  const { current, keys: entries } = ringOf(keys, ring);
  const newest = entries.reduce((one, other) => (other.id > one.id ? other : one));
  if (newest.id === current.id)
    throw new RotationRefused(`The newest key of ${ring} is the current one: add one first.`);
  const change = { at: now.toISOString(), ring, change: 'promoted', id: newest.id, from: current.id } as const;
  const reordered = [newest, ...entries.filter((entry) => entry !== newest)];
  return {
    ...keys,
    [ring]: formatKeyRing({ current: newest, keys: reordered }),
    changes: [...keys.changes, change],
  };
}

/** Takes a key out: what only it opens is lost. Refused for the current one, and for 10 minutes after it was that, unless forced. */
export function retireKey(keys: KeysFile, ring: RingName, id: number, now: Date, isForced: boolean): KeysFile {
  const { current, keys: entries } = ringOf(keys, ring);
  if (!entries.some((entry) => entry.id === id)) throw new RotationRefused(`${ring} has no key ${id}.`);
  if (id === current.id) throw new RotationRefused(`Key ${id} is the current one of ${ring}: promote another first.`);
  const demoted = keys.changes.findLast((change) => change.ring === ring && change.from === id);
  const freeAt = demoted === undefined ? 0 : Date.parse(demoted.at) + RETIRE_AFTER_MS;
  if (now.getTime() < freeAt && !isForced) {
    throw new RotationRefused(
      `Key ${id} of ${ring} was current until ${demoted?.at}, and codes made with it may be open: wait until ${new Date(freeAt).toISOString()}, or give --force.`,
    );
  }
  const kept = entries.filter((entry) => entry.id !== id);
  return {
    ...keys,
    [ring]: formatKeyRing({ current, keys: kept }),
    changes: [...keys.changes, { at: now.toISOString(), ring, change: 'retired', id }],
  };
}

const IDS_MAX = 50_000;

/** Ids whose verification this process has seen ended; the oldest are forgotten first. */
export interface EndedIds {
  add(id: string): void;
  delete(id: string): void;
  has(id: string): boolean;
}

/**
 * What has ended stays ended, so a guess at it needs no digest: the script refuses it before comparing, and says so in the
 * rare case that Redis has forgotten the end. This spares the hash when one id is guessed at again and again.
 */
export function createEndedIds(): EndedIds {
  const ids = new Set<string>();
  return {
    add(id) {
      ids.add(id);
      if (ids.size <= IDS_MAX) return;
      const [oldest] = ids;
      if (oldest !== undefined) ids.delete(oldest);
    },
    delete: (id) => {
      ids.delete(id);
    },
    has: (id) => ids.has(id),
  };
}

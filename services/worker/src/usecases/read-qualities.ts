import type { Circuit } from '../ports.ts';

const KEPT_MS = 1_000;
const MOST = 10_000;

/** Reads the quality of circuits, each at most once a second: weights move slowly, and messages may be many. */
export function createReadQualities(circuit: Pick<Circuit, 'read'>, now: () => number = () => performance.now()) {
  const known = new Map<string, { readonly readAt: number; readonly quality: Promise<number> }>();

  function qualityOf(name: string): Promise<number> {
    const kept = known.get(name);
    if (kept !== undefined && now() - kept.readAt < KEPT_MS) return kept.quality;
    if (known.size >= MOST) known.clear();
    const quality = circuit.read(name).then((view) => view.quality);
    known.set(name, { readAt: now(), quality });
    quality.catch(() => known.delete(name));
    return quality;
  }

  return async function readQualities(circuits: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return new Map(await Promise.all(circuits.map(async (name) => [name, await qualityOf(name)] as const)));
  };
}

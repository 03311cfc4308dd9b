import { ROOT_PROJECT } from '@watchword/contracts';
import type { Cutoffs, Due } from '@watchword/records';

const DAY_MS = 24 * 3600 * 1000;

/** `retentions`: of each project, in days; null = the platform's. */
export function cutoffsAt(now: number, retentions: ReadonlyMap<string, number | null>, platformDays: number): Cutoffs {
  const own = [...retentions].filter((entry): entry is [string, number] => entry[1] !== null);
  return {
    cutoff: now - platformDays * DAY_MS,
    cutoffs: Object.fromEntries(own.map(([project, days]) => [project, now - days * DAY_MS])),
  };
}

/**
 * What is due, in parts that an index finds. When some project keeps its own for longer than the platform does, the others are
 * taken one by one; what belongs to no known project any more then stays until it is older than everything that is kept.
 */
export function dueParts({ cutoff, cutoffs }: Cutoffs, projects: Iterable<string>): Due[] {
  const own = Object.entries(cutoffs).map(([project, before]) => ({ project, before }));
  const longest = Math.min(cutoff, ...Object.values(cutoffs));
  const rest = { project: null, before: longest };
  if (longest === cutoff) return [...own, rest];
  const others = [...new Set([ROOT_PROJECT, ...projects])].filter((project) => !Object.hasOwn(cutoffs, project));
  return [...own, ...others.map((project) => ({ project, before: cutoff })), rest];
}

import { expect, test } from 'vitest';
import { cutoffsAt, dueParts } from './retention.ts';

const DAY_MS = 24 * 3600 * 1000;
const NOW = 1_000 * DAY_MS;
const daysAgo = (days: number) => NOW - days * DAY_MS;

/** Which of these would be deleted, by project and age in days. */
function deleted(retentions: Record<string, number | null>, project: string, ageDays: number): boolean {
  const of = new Map(Object.entries(retentions));
  const parts = dueParts(cutoffsAt(NOW, of, 30), of.keys());
  return parts.some((part) => (part.project ?? project) === project && daysAgo(ageDays) < part.before);
}

test.each([
  ['of a project without its own retention', {}, 'prj_a', 30],
  ['of a project that keeps for less', { prj_a: 7, prj_b: null }, 'prj_a', 7],
  ['beside a project that keeps for less', { prj_a: 7, prj_b: null }, 'prj_b', 30],
  ['of a project that keeps for longer', { prj_a: 90, prj_b: null }, 'prj_a', 90],
  ['beside a project that keeps for longer', { prj_a: 90, prj_b: null }, 'prj_b', 30],
  ['of the root project beside one that keeps for longer', { prj_a: 90 }, 'default', 30],
  ['of a project that is gone, beside one that keeps for longer', { prj_a: 90 }, 'prj_gone', 90],
  ['of a project that is gone', { prj_a: 7 }, 'prj_gone', 30],
])('%s, what is older is due and what is younger is not', (_, retentions, project, days) => {
  expect([deleted(retentions, project, days + 1), deleted(retentions, project, days - 1)]).toEqual([true, false]);
});

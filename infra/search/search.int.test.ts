import { createDisposer } from '@watchword/platform';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDatabase } from './database.ts';
import { fillRecords } from './fill.ts';
import { explainFilters, measureSearches } from './measure.ts';
import { createPopulation } from './population.ts';
import { P95_MAX_MS, renderTable } from './report.ts';

const DOCUMENTS = 20_000;
const ENDS_AT = Date.parse('2026-11-20T08:00:00Z');

const disposer = createDisposer();
const target = makeDatabase(undefined, disposer);
const population = createPopulation(DOCUMENTS, 1, ENDS_AT);
beforeAll(() => fillRecords(target, population, DOCUMENTS, () => undefined), 60_000);
afterAll(() => disposer.dispose());

test('each kind of search answers within its goal, in so many verifications as a test has time for', async () => {
  const measured = await measureSearches(target, population, { queries: 20, seed: 1 }, ENDS_AT);
  const table = renderTable(measured);
  for (const { name, p95, pages } of measured) {
    expect(pages, name).toBe(20);
    expect(p95, `${name}\n${table}`).toBeLessThan(P95_MAX_MS);
  }
  const foundNothing = measured.filter(({ found }) => found === 0).map(({ name }) => name);
  expect(foundNothing).not.toContain('destination');
  expect(measured.find(({ name }) => name === 'what is not there')?.found).toBe(0);
}, 60_000);

test('each filter has an index', async () => {
  const explained = await explainFilters(target);
  expect([...explained].filter(([, indexes]) => !indexes.startsWith('verifications_project_'))).toEqual([]);
});

// `npm run measure:search`: how long a search takes in as many verifications as a busy project has in a month. Makes a database,
// asks it, removes it; fails when a kind of search is slower than its goal.
import { createDisposer, StartupError } from '@watchword/platform';
import { describeCommit, describeMachine, describeOtherWork } from '../bench/machine.ts';
import { makeDatabase } from './database.ts';
import { fillRecords } from './fill.ts';
import { explainFilters, measureSearches } from './measure.ts';
import { parseOptions } from './options.ts';
import { createPopulation } from './population.ts';
import { createProgress, P95_MAX_MS, renderTable } from './report.ts';

const INTERRUPTED = 130;
const say = (text: string) => process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const { documents, mongodbUrl, seed } = options;
  const disposer = createDisposer();
  const interrupt = () => void disposer.dispose().finally(() => process.exit(INTERRUPTED));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupt);
  try {
    say([describeMachine(), describeCommit(), describeOtherWork()].join('\n'));
    const target = makeDatabase(mongodbUrl, disposer);
    const endsAt = Date.now();
    const population = createPopulation(documents, seed, endsAt);
    const since = performance.now();
    await fillRecords(target, population, documents, createProgress(documents));
    const backend = mongodbUrl === undefined ? 'SQLite' : 'MongoDB';
    say(`${backend}: ${documents} verifications in ${((performance.now() - since) / 1_000).toFixed(0)} s\n`);
    for (const [filter, index] of await explainFilters(target)) say(`${filter.padEnd(12)} ${index}`);
    const measured = await measureSearches(target, population, options, endsAt);
    say(`\n${renderTable(measured)}`);
    const slow = measured.filter(({ p95 }) => p95 > P95_MAX_MS);
    if (slow.length > 0)
      throw new StartupError(`p95 above ${P95_MAX_MS} ms: ${slow.map(({ name }) => name).join('; ')}`);
  } finally {
    await disposer.dispose();
  }
}

try {
  await main();
} catch (error) {
  const text = error instanceof StartupError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`measure:search: ${text}\n`);
  process.exitCode = 1;
}

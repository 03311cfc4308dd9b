// `npm run bench`: every row of the design's table on performance, product and floors in one run. Loopback only, bounded in
// count and time; Ctrl-C ends what it started.
import { createDisposer } from '@watchword/platform';
import { type Bench, createBench } from './bench.ts';
import { measureCrowd } from './measures/crowd.ts';
import { measureDeliveredCode } from './measures/delivered-code.ts';
import { measureIdleLatency, measureLatencyAtRate } from './measures/latency.ts';
import { measureBytes, measureResident } from './measures/memory.ts';
import { measureThroughput } from './measures/throughput.ts';
import { measureWorker } from './measures/worker.ts';
import { parseOptions } from './options.ts';
import { describeRun, renderJson, renderTable } from './report.ts';
import type { Finding } from './rows.ts';

const MEASURES: readonly ((bench: Bench) => Promise<Finding[]>)[] = [
  measureThroughput,
  measureDeliveredCode,
  measureWorker,
  measureLatencyAtRate,
  measureIdleLatency,
  measureBytes,
  measureResident,
  measureCrowd,
];

const INTERRUPTED = 130;

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const disposer = createDisposer();
  const interrupt = () => void disposer.dispose().finally(() => process.exit(INTERRUPTED));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupt);
  const bench = createBench(options, disposer);
  try {
    const findings: Finding[] = [];
    for (const measure of MEASURES) findings.push(...(await measure(bench)));
    const text = options.json
      ? renderJson(bench, findings)
      : `${describeRun(bench).join('\n')}\n\n${renderTable(findings)}`;
    process.stdout.write(`${text}\n`);
  } finally {
    await disposer.dispose();
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}

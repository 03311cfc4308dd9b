import type { Bench } from './bench.ts';
import { describeCommit, describeMachine } from './machine.ts';
import { type Finding, judge, ROWS, type Row } from './rows.ts';
import { brief, median } from './statistics.ts';

/** What the figures were taken on, and how: without it they say nothing. */
export function describeRun({ options, cores, otherWork, syncMs }: Bench): string[] {
  const places = cores
    ? `Pinned by taskset: the Node processes under test share core ${cores.tested}; Redis, the load and the provider share core ${cores.other}, so that "one core" holds what a service costs and Redis is not throttled by it.`
    : 'Not pinned (no taskset, or a single core): Redis, the load and the processes under test compete.';
  return [
    `Machine: ${describeMachine()}; ${otherWork}`,
    `Commit: ${describeCommit()}`,
    places,
    `Redis: one private server per platform, as the product starts it: append-only file, appendfsync always (one fdatasync of this disk: ${syncMs} ms). FLOOR's script only reads.`,
    `Services run from source with LOG_LEVEL=${options.logLevel}, their log in a file. Load: 64 connections in a closed loop, as the direct peer was measured (where the tested core is not busy, Redis waits for its disk); latencies at 1,500/s in an open loop, counted from when a request was due.`,
    `Sends go to a number each, without a worker (what a delivery costs has rows of its own); at 1,500/s and idle the worker runs on the same core. Checks are first guesses, all right.`,
    `Each figure is the median of ${options.rounds} interleaved rounds, with the lowest and the highest; memory is read once. CPU is of one request, by /proc and Redis' INFO.`,
  ];
}

/** The table, in Markdown. */
export function renderTable(findings: readonly Finding[]): string {
  const lines = findings.map(({ row, samples, absolute }) => {
    const spec: Row = ROWS[row];
    const sign = spec.better === 'high' ? '≥' : '≤';
    const figure = median(samples);
    const verdict = judge(spec, figure);
    const cells = [spec.measure, `${sign} ${spec.goal}`, `${sign} ${spec.stretch}`, describeSamples(samples)];
    return `| ${[...cells, verdict === 'missed' ? '**missed**' : verdict, absolute].join(' | ')} |`;
  });
  return ['| measure | goal | stretch | measured | verdict | absolute |', '|---|---|---|---|---|---|', ...lines].join(
    '\n',
  );
}

function describeSamples(samples: readonly number[]): string {
  if (samples.length < 2) return brief(median(samples));
  return `${brief(median(samples))} (${brief(Math.min(...samples))}–${brief(Math.max(...samples))})`;
}

/** The same for a program. */
export function renderJson(bench: Bench, findings: readonly Finding[]): string {
  const rows = findings.map((finding) => {
    const figure = median(finding.samples);
    return { ...ROWS[finding.row], ...finding, figure, verdict: judge(ROWS[finding.row], figure) };
  });
  return JSON.stringify({ machine: describeMachine(), commit: describeCommit(), cores: bench.cores, rows }, null, 2);
}

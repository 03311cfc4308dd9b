import { whole } from '../bench/statistics.ts';
import type { Measured } from './measure.ts';

/** The goal for each kind of search, ms. */
export const P95_MAX_MS = 100;

const COLUMNS = ['search by', 'pages', 'p50 ms', 'p95 ms', 'max ms', 'found', 'short', 'failed'];

export function renderTable(measured: readonly Measured[]): string {
  const rows = measured.map(({ name, pages, p50, p95, max, found, short, failed }) => [
    p95 > P95_MAX_MS ? `${name} (above ${P95_MAX_MS})` : name,
    whole(pages),
    ...[p50, p95, max].map((ms) => ms.toFixed(1)),
    whole(found),
    whole(short),
    whole(failed),
  ]);
  const table = [COLUMNS, ...rows];
  const widths = COLUMNS.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return table.map(line).join('\n');
}

/** Of how long it takes, on one line of a terminal, or a line for every tenth elsewhere. */
export function createProgress(total: number, output: NodeJS.WriteStream = process.stderr): (done: number) => void {
  const since = performance.now();
  let told = 0;
  return (done) => {
    const tenths = Math.floor((done / total) * 10);
    if (!output.isTTY && tenths === told) return;
    told = tenths;
    const perSecond = (done / (performance.now() - since)) * 1_000;
    const bar = '#'.repeat(tenths).padEnd(10, '.');
    const left = Math.ceil((total - done) / perSecond);
    const text = `[${bar}] ${whole(done)} of ${whole(total)} verifications, ${whole(perSecond)}/s, ${left} s left`;
    output.write(output.isTTY ? `\r\u001B[K${text}${done === total ? '\n' : ''}` : `${text}\n`);
  };
}

import type { Cell } from './measure-cell.ts';

const HEAD = ['channel', 'primary', 'fault', 'then', 'deliveries', 'calls', 'copies', 'p95 ms', 'through', 'p95 ms'];

/** One line for each cell: what became of the codes that met the fault, and of those sent once it was known. */
export function renderCells(cells: readonly Cell[]): string {
  const rows = cells.map(({ lane, fault, statuses, attempts, copies, through, p95BeforeMs, p95AfterMs }) => [
    lane.channel,
    lane.primary,
    fault,
    lane.by === 'provider' ? lane.secondary : `next channel: ${lane.secondary}`,
    statuses,
    attempts.map((count) => count.toFixed(1)).join(' → '),
    copies[0] === copies[1] ? String(copies[0]) : copies.join('–'),
    milliseconds(p95BeforeMs),
    through.join(', ') || '–',
    milliseconds(p95AfterMs),
  ]);
  const widths = HEAD.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(HEAD), ...rows.map(line)].join('\n');
}

const milliseconds = (ms: number) => (Number.isNaN(ms) ? '–' : String(Math.round(ms)));

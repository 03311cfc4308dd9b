import { describeMetrics, type MetricDescription } from '@watchword/platform';

const INTRODUCTION = `# Metrics

Made by \`npm run docs\` from the definitions in \`packages/platform/src/metrics.ts\`.

Each service serves its own at \`/metrics\` on its \`ADMIN_PORT\`; each series carries the label \`service\` besides. Labels have few
values: never an id, a destination, a code or a path. A figure that must be asked of Redis is left out while Redis is away.`;

/** `docs/metrics.md`. */
export function renderMetrics(): string {
  const { ours, ofProcess } = describeMetrics();
  return [
    INTRODUCTION,
    renderTable(ours),
    '## Of each process\n\nAs prom-client names them; `nodejs_eventloop_lag_*` is the delay of the event loop.',
    `${renderTable(ofProcess)}\n`,
  ].join('\n\n');
}

function renderTable(metrics: readonly MetricDescription[]): string {
  const rows = metrics.map(
    ({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help.replaceAll('|', '\\|')} |`,
  );
  return ['| name | type | labels | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

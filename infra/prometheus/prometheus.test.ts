import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const pathOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const textOf = (path: string) => readFileSync(pathOf(path), 'utf8');

test('Prometheus asks each service, at the port that the image opens for it', () => {
  const config = textOf('infra/prometheus/prometheus.yml');
  const names = /names: \[(.+)\]/.exec(config)?.[1]?.split(', ') ?? [];
  expect(names.toSorted()).toEqual(readdirSync(pathOf('services')).filter((name) => name !== 'standalone'));
  const port = /ADMIN_PORT=(\d+)/.exec(textOf('infra/docker/Dockerfile'))?.[1];
  expect(config).toContain(`port: ${port}`);
});

test('every alert is about a metric that the code has', () => {
  const named = textOf('infra/prometheus/alerts.yml').match(/watchword_\w+/g) ?? [];
  const metrics = [...textOf('packages/platform/src/metrics.ts').matchAll(/name: '(watchword_\w+)'/g)].map(
    ([, name]) => name,
  );
  expect(named.length).toBeGreaterThan(0);
  for (const name of new Set(named)) expect(metrics).toContain(name.replace(/_(bucket|count)$/, ''));
});

test('each alert fires at its figure and keeps silent below it', async ({ skip }) => {
  const hasPromtool = await run('promtool', ['--version']).then(
    () => true,
    () => false,
  );
  skip(!hasPromtool, 'there is no promtool on PATH: it comes with Prometheus');
  const folder = pathOf('infra/prometheus');
  const promtool = async (...args: string[]) => (await run('promtool', args, { cwd: folder })).stdout;
  expect(await promtool('check', 'config', 'prometheus.yml')).toContain('SUCCESS');
  expect(await promtool('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS');
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createHttpApp,
  createLogger,
  createRegistry,
  describeMetrics,
  type HttpApp,
  listen,
  type Registry,
} from '../src/index.ts';

let registry: Registry;
let app: HttpApp;
let url: string;
beforeEach(async () => {
  registry = createRegistry('test');
  app = createHttpApp({ logger: createLogger({ service: 'test', level: 'silent' }), registry });
  app.get('/v1/verifications/:id', async () => ({ ok: true }));
  app.post('/v1/verifications', async () => ({ ok: true }));
  url = await listen(app, { host: '127.0.0.1', port: 0, variable: 'PORT' });
});
afterEach(() => app.close());

const headers = { connection: 'close' };
const METHODS = ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'POST'];

/** Every series of the requests, as its labels. */
async function seriesOf(name: string): Promise<string[]> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}_count`));
  return lines.map((line) => line.slice(line.indexOf('{'), line.lastIndexOf('}') + 1));
}

test('odd methods, paths and ids make no more series, and no label holds what a caller sent', async () => {
  const ask = async (round: number) => {
    for (const method of METHODS) {
      const secret = `+1415555${1000 + round}`;
      await app.inject({ method: method as 'GET', url: `/v1/verifications/ver_${round}abc`, headers });
      await app.inject({ method: method as 'GET', url: `/nothing/${round}/${secret}?code=${round}`, headers });
      await app.inject({ method: method as 'GET', url: `/%zz${round}`, headers });
    }
  };
  await ask(1);
  const series = await seriesOf('watchword_http_request_duration_seconds');
  for (let round = 2; round <= 50; round += 1) await ask(round);
  expect(await seriesOf('watchword_http_request_duration_seconds')).toEqual(series);
  expect(series.length).toBeGreaterThan(0);
  expect(series.join('\n')).not.toMatch(/ver_|1415|\d{4,}|nothing|%zz|code/);
});

test('a method that is none is no label', async () => {
  const response = await fetch(`${url}/v1/verifications`, { method: 'X-ODD', headers }).catch(() => undefined);
  expect(response?.status ?? 400).toBe(400);
  expect((await seriesOf('watchword_http_request_duration_seconds')).join()).not.toContain('X-ODD');
});

test('every metric of ours is named and labelled by the rules', () => {
  const LABELS =
    /^(route|method|status|result|outcome|class|state|queue|channel|provider|mode|action|reason|to|worker)$/;
  const UNITS = {
    counter: /_total$/,
    histogram: /_seconds$/,
    gauge: /_(seconds|bytes|jobs|digests|state|shards|projects|ratio)$/,
  };
  for (const { name, type, labels, help } of describeMetrics().ours) {
    expect(name).toMatch(/^watchword_[a-z_]+$/);
    expect(name).toMatch(UNITS[type as keyof typeof UNITS]);
    expect(help).not.toBe('');
    for (const label of labels) expect(label, name).toMatch(LABELS);
  }
});

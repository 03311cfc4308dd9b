import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDisposer, createRegistry, type Disposer, startAdminServer } from '../src/index.ts';

let disposer: Disposer;
beforeEach(() => {
  disposer = createDisposer();
});
afterEach(() => disposer.dispose());

type Probes = Partial<Pick<Parameters<typeof startAdminServer>[0], 'isReady' | 'isAlive'>>;

async function startAdmin({ isReady = async () => undefined, ...rest }: Probes = {}) {
  const registry = createRegistry('test');
  const { url } = await startAdminServer({ host: '127.0.0.1', port: 0, registry, isReady, ...rest }, disposer);
  return async (path: string) => {
    const response = await fetch(url + path, { headers: { connection: 'close' } });
    return `${response.status} ${(await response.text()).split('\n')[0]}`;
  };
}

test('a service is ready and alive until its probes say otherwise, with the reason', async () => {
  const reasons: { ready?: string; alive?: string } = {};
  const fail = (reason: string | undefined) => (reason ? Promise.reject(new Error(reason)) : Promise.resolve());
  const ask = await startAdmin({ isReady: () => fail(reasons.ready), isAlive: () => fail(reasons.alive) });
  expect([await ask('/readyz'), await ask('/livez')]).toEqual(['200 ok', '200 ok']);
  reasons.ready = 'Redis is away';
  expect([await ask('/readyz'), await ask('/livez')]).toEqual(['503 not ready: Redis is away', '200 ok']);
  reasons.alive = 'stuck';
  expect(await ask('/livez')).toBe('503 not alive: stuck');
});

test('a probe that never answers is a failure within seconds', async () => {
  const silent = () => new Promise<never>(() => undefined);
  const ask = await startAdmin({ isReady: silent, isAlive: silent });
  expect(await ask('/readyz')).toBe('503 not ready: no answer in time');
  expect(await ask('/livez')).toBe('503 not alive: no answer in time');
});

test('from the first moment of a stop to its last a service is not ready, is left alone, and shows its metrics', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const ask = await startAdmin({ isAlive: () => Promise.reject(new Error('its consumer takes nothing')) });
  disposer.add(() => promise, 'a delivery');
  const stopped = disposer.dispose();
  expect(disposer.pending()).toBe('a delivery');
  expect(await ask('/readyz')).toBe('503 not ready: stopping');
  expect(await ask('/livez')).toBe('200 ok');
  expect(await ask('/metrics')).toMatch(/^200 /);
  resolve();
  await stopped;
  await expect(ask('/readyz')).rejects.toThrow();
});

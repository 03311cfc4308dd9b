import { Secret } from '@watchword/platform';
import { eventually } from '@watchword/testkit';
import { describeMongo } from '@watchword/testkit/vitest';
import { afterEach, expect, test } from 'vitest';
import { events, verifications } from '../src/collections.ts';
import { add, put, RecordsUnavailable, type Store } from '../src/store.ts';
import { type HangingProxy, startHangingProxy } from './hanging-proxy.ts';
import { mongoDatabases } from './mongo-databases.ts';
import { verificationOf } from './records-contract.ts';

describeMongo('a MongoDB that stops answering', (server) => {
  const { emptied, open } = mongoDatabases(server);
  const ANSWER_MS = 400;
  /** What a busy machine takes beyond a timer. */
  const LATE_MS = 600;
  const SERVED_MS = 10_000;

  const proxies: HangingProxy[] = [];
  afterEach(async () => {
    for (const proxy of proxies.splice(0)) await proxy.close();
  });

  async function throughProxy() {
    const url = new URL((await emptied('contract')).reveal());
    const proxy = await startHangingProxy(url.hostname, Number(url.port || 27_017));
    proxies.push(proxy);
    url.hostname = '127.0.0.1';
    url.port = String(proxy.port);
    return { proxy, options: { url: new Secret(url.href), answerWithinMs: ANSWER_MS } };
  }

  const everything = (store: Store): Promise<unknown>[] => [
    store.find(verifications, { limit: 1 }),
    store.write([put(verifications, [verificationOf('a')]), add(events, [])]),
    store.insert(verifications, verificationOf('b')),
    store.replaceIf(verifications, {}, verificationOf('b')),
    store.change(verifications, { id: 'a' }, { status: 'expired' }),
    store.deleteSome(verifications, {}, 1),
    store.explain(verifications, { limit: 1 }),
  ];

  const answered = (store: Store) =>
    store.find(verifications, { where: { id: 'c' }, limit: 1 }).catch((error: unknown) => {
      if (!(error instanceof RecordsUnavailable)) throw error;
      return undefined;
    });

  async function expectUnavailable(store: Store): Promise<void> {
    const since = performance.now();
    for (const result of await Promise.allSettled([...everything(store), ...everything(store), ...everything(store)])) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(RecordsUnavailable) });
    }
    expect(performance.now() - since).toBeLessThan(ANSWER_MS + LATE_MS);
  }

  test('everybody who asks hears so in time, again and again, and is served when it answers again', async () => {
    const { proxy, options } = await throughProxy();
    const store = await open(options);
    await store.insert(verifications, verificationOf('c'));
    proxy.hang();
    await expectUnavailable(store);
    await expectUnavailable(store);
    proxy.serve();
    const [found] = await eventually('an answer', SERVED_MS, () => answered(store));
    expect(found?.id).toBe('c');
    expect(await store.insert(verifications, verificationOf('d'))).toBe('inserted');
  });

  test('a server that is slow with each of many questions holds nobody longer than one that is stopped', async () => {
    const { proxy, options } = await throughProxy();
    const store = await open(options);
    await store.insert(verifications, verificationOf('c'));
    proxy.slow(ANSWER_MS / 4);
    const many = Array.from({ length: 20 }, (_, index) => put(verifications, [verificationOf(`v${index}`)]));
    const since = performance.now();
    await expect(store.write(many)).rejects.toThrow(RecordsUnavailable);
    expect(performance.now() - since).toBeLessThan(ANSWER_MS + LATE_MS);
  });

  test('a store that is opened meanwhile says so, and serves when it answers again', async () => {
    const { proxy, options } = await throughProxy();
    proxy.hang();
    const store = await open(options);
    await expectUnavailable(store);
    proxy.serve();
    expect(await eventually('an answer', SERVED_MS, () => answered(store))).toEqual([]);
  });

  test('a server that is not there is unavailable, and closing does not wait for it', async () => {
    const { proxy, options } = await throughProxy();
    await proxy.close();
    const store = await open(options);
    await expectUnavailable(store);
    const since = performance.now();
    await store.close();
    expect(performance.now() - since).toBeLessThan(LATE_MS);
    await expect(store.count(verifications, {})).rejects.toThrow(RecordsUnavailable);
  });
});

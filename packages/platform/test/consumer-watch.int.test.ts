import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  connectRedis,
  createDeliveryProducer,
  createDisposer,
  createLogger,
  createRegistry,
  type DeliveryConsumer,
  type DeliveryProducer,
  type Disposer,
  type RedisConnection,
  Secret,
  startAdminServer,
  startDeliveryConsumer,
} from '../src/index.ts';
import { type PrivateRedis, startPrivateRedis } from '../src/redis-server/index.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
/** Thirty looks, as in production, a hundred times as fast. */
const FAST = { lookEveryMs: 10, stuckAfterMs: 300 };
const WITHIN_MS = 5_000;

let directory: string;
let server: PrivateRedis;
let disposer: Disposer;
let producer: DeliveryProducer;
let jobs = 0;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'watchword-liveness-'));
  server = await startPrivateRedis({ directory, progress: () => undefined });
});
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  disposer = createDisposer();
  const redis = await openConnection(server.url);
  await redis.flushall();
  producer = createDeliveryProducer('sms', redis, logger);
  disposer.add(() => producer.close());
});
afterEach(() => disposer.dispose());

async function openConnection(url: string): Promise<RedisConnection> {
  const redis = await connectRedis({ url: new Secret(url), name: 'test', profile: 'worker', logger });
  disposer.add(() => redis.disconnect());
  return redis;
}

const enqueue = () => {
  jobs += 1;
  return producer.enqueue(`job-${jobs}`, { delivery: `delivery-${jobs}` });
};

interface ConsumerParts {
  readonly url?: string;
  readonly concurrency?: number;
  readonly jobMaxMs?: number;
  readonly process?: () => Promise<void>;
}

/** A consumer, and what its `/livez` says. */
async function startConsumer({ url = server.url, concurrency = 1, jobMaxMs = 60_000, process }: ConsumerParts = {}) {
  const consumer: DeliveryConsumer = startDeliveryConsumer({
    channel: 'sms',
    connection: await openConnection(url),
    concurrency,
    jobMaxMs,
    logger,
    process: process ?? (async () => undefined),
    ...FAST,
  });
  disposer.add(() => consumer.close());
  const admin = await startAdminServer(
    {
      host: '127.0.0.1',
      port: 0,
      registry: createRegistry('test'),
      isReady: async () => undefined,
      isAlive: consumer.isAlive,
    },
    disposer,
  );
  const livez = async () => {
    const response = await fetch(`${admin.url}/livez`);
    return { status: response.status, text: await response.text() };
  };
  return { consumer, livez };
}

type Livez = Awaited<ReturnType<typeof startConsumer>>['livez'];

const becomes = (livez: Livez, status: number) =>
  expect.poll(livez, { timeout: WITHIN_MS, interval: 20 }).toMatchObject({ status });

/** Asks again and again for three times as long as a stuck consumer is given. */
async function expectAlive(livez: Livez): Promise<void> {
  const until = performance.now() + 3 * FAST.stuckAfterMs;
  while (performance.now() < until) expect(await livez()).toMatchObject({ status: 200 });
}

const counts = (figures: object) =>
  expect.poll(() => producer.counts(), { timeout: WITHIN_MS, interval: 20 }).toMatchObject(figures);

/** Passes on the first connection and holds each other one, until it is told to pass all. */
async function startHoldingProxy() {
  const held: (() => void)[] = [];
  let passed = 0;
  let holds = true;
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const pass = () => {
      const upstream = connect(server.port, '127.0.0.1');
      for (const socket of [client, upstream]) sockets.add(socket).forEach((each) => each.on('error', () => undefined));
      client.pipe(upstream).pipe(client);
    };
    sockets.add(client);
    client.on('error', () => undefined);
    if (passed > 0 && holds) held.push(pass);
    else pass();
    passed += 1;
  });
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve);
  });
  disposer.add(() => {
    proxy.close();
    for (const socket of sockets) socket.destroy();
  });
  const url = new URL(server.url);
  url.port = String((proxy.address() as AddressInfo).port);
  return {
    url: url.toString(),
    passAll() {
      holds = false;
      for (const pass of held.splice(0)) pass();
    },
  };
}

test('a consumer whose fetch hangs while Redis answers is not alive, until it fetches again', async () => {
  const proxy = await startHoldingProxy();
  const { livez } = await startConsumer({ url: proxy.url });
  await expectAlive(livez);
  await enqueue();
  await becomes(livez, 503);
  expect((await livez()).text).toMatch(/^not alive: jobs wait and none was taken in \d+ s\n$/);
  proxy.passAll();
  await becomes(livez, 200);
  await counts({ waiting: 0, active: 0 });
});

test('an idle consumer is alive', async () => {
  const { livez } = await startConsumer();
  await expectAlive(livez);
});

test('a busy consumer is alive, however many jobs wait', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { livez } = await startConsumer({ process: () => promise });
  for (let count = 0; count < 5; count += 1) await enqueue();
  await counts({ waiting: 4, active: 1 });
  await expectAlive(livez);
  resolve();
});

test('a consumer is alive while another one takes the jobs', async () => {
  const proxy = await startHoldingProxy();
  const { livez } = await startConsumer({ url: proxy.url });
  await startConsumer({ concurrency: 10 });
  const until = performance.now() + 3 * FAST.stuckAfterMs;
  while (performance.now() < until) {
    await enqueue();
    expect(await livez()).toMatchObject({ status: 200 });
  }
});

test('a consumer is alive while Redis is stopped, and after it', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { livez } = await startConsumer({ process: () => promise, jobMaxMs: 100_000 });
  for (let count = 0; count < 2; count += 1) await enqueue();
  await counts({ waiting: 1, active: 1 });
  process.kill(server.pid, 'SIGSTOP');
  try {
    resolve();
    await expectAlive(livez);
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
  await expectAlive(livez);
  await counts({ waiting: 0, active: 0 });
});

test('a job that runs longer than any may is named; while Redis is away it may take longer', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { livez } = await startConsumer({ concurrency: 2, process: () => promise, jobMaxMs: 400 });
  await enqueue();
  await counts({ active: 1 });
  process.kill(server.pid, 'SIGSTOP');
  try {
    await expectAlive(livez);
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
  await becomes(livez, 503);
  expect((await livez()).text).toMatch(/^not alive: a job has run for \d+ s\n$/);
  resolve();
  await becomes(livez, 200);
});

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHttpApp, createLogger, createRegistry, type HttpApp, listen } from '../src/index.ts';

let app: HttpApp;
let port: number;
const sockets: Socket[] = [];
/** Lets the slow route answer. */
let release: () => void;

beforeEach(async () => {
  app = createHttpApp({ logger: createLogger({ service: 'test', level: 'silent' }), registry: createRegistry('test') });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  app.get('/quick', async () => ({ ok: true }));
  app.get('/slow', async () => {
    await released;
    return { ok: true };
  });
  port = Number(new URL(await listen(app, { host: '127.0.0.1', port: 0, variable: 'PORT' })).port);
});
afterEach(async () => {
  release();
  for (const socket of sockets.splice(0)) socket.destroy();
  await app.close();
});

/** A kept-alive connection that collects what it was sent. */
async function open() {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('utf8');
  });
  await once(socket, 'connect');
  const ended = once(socket, 'close').then(([hadError]) => !hadError);
  return {
    socket,
    ended,
    ask(path: string) {
      received = '';
      socket.write(`GET ${path} HTTP/1.1\r\nhost: test\r\n\r\n`);
    },
    async answer(): Promise<string> {
      while (!received.includes('{"ok":true}')) await once(socket, 'data');
      return received;
    },
  };
}

test('a request along an idle connection is answered after the close has begun, and is its last', async () => {
  const connection = await open();
  connection.ask('/quick');
  expect(await connection.answer()).not.toMatch(/^connection: close/im);
  const closed = app.close();
  await delay(300);
  connection.ask('/quick');
  const answer = await connection.answer();
  expect(answer).toMatch(/^HTTP\/1.1 200/);
  expect(answer).toMatch(/^connection: close/im);
  expect(await connection.ended).toBe(true);
  await closed;
});

test('a request that was already here when the close began is answered, and told to come elsewhere', async () => {
  const connection = await open();
  const arrived = new Promise<void>((resolve) => {
    app.server.once('request', () => resolve());
  });
  connection.ask('/slow');
  await arrived;
  const closed = app.close();
  // Listening ends meanwhile; the answer is still owed.
  await delay(1_500);
  await expect(open()).rejects.toThrow('ECONNREFUSED');
  release();
  const answer = await connection.answer();
  expect(answer).toMatch(/^HTTP\/1.1 200/);
  expect(answer).toMatch(/^connection: close/im);
  await closed;
});

test('a connection that never asks anything does not hold the close', async () => {
  await open();
  const idle = await open();
  idle.ask('/quick');
  await idle.answer();
  const startedAt = performance.now();
  await app.close();
  expect(performance.now() - startedAt).toBeLessThan(4_000);
});

test('with no connection open the close takes no time', async () => {
  const startedAt = performance.now();
  await app.close();
  expect(performance.now() - startedAt).toBeLessThan(500);
});

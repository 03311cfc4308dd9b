import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHttpClient, type HttpClient, judgeFailure } from '../src/providers/http-client.ts';
import { lookupPublic } from '../src/providers/public-address.ts';
import { cutAnswer, json, raw, reset, startWire, type Wire } from './wire.ts';

let wire: Wire;
let client: HttpClient;
beforeAll(async () => {
  wire = await startWire();
  client = createHttpClient({ baseUrl: `${wire.url}/base/`, answerBytesMax: 1_000 });
});
afterAll(async () => {
  await client.close();
  await wire.close();
});

const call = (signal = AbortSignal.timeout(5_000)) => ({
  method: 'POST' as const,
  path: '/x?y=1',
  headers: { 'content-type': 'text/plain', authorization: 'Bearer k' },
  body: 'grüße',
  signal,
});

test('calls below the base URL, with the headers and the body as given', async () => {
  wire.answer(json(200, { ok: true }, { 'retry-after': '7' }));
  expect(await client.exchange(call())).toEqual({
    kind: 'answered',
    statusCode: 200,
    retryAfterMs: 7_000,
    text: '{"ok":true}',
  });
  expect(wire.received.at(-1)).toMatchObject({
    method: 'POST',
    path: '/base/x?y=1',
    body: 'grüße',
    headers: { 'content-type': 'text/plain', authorization: 'Bearer k', 'content-length': '7' },
  });
});

test('says what came of an answer, however it ended', async () => {
  wire.answer(raw(500, 'x'.repeat(1_000)));
  expect(await client.exchange(call())).toMatchObject({ statusCode: 500, text: 'x'.repeat(1_000) });
  wire.answer(raw(500, 'x'.repeat(1_001)));
  expect(await client.exchange(call())).toMatchObject({ kind: 'answered', statusCode: 500, text: '' });
  wire.answer(cutAnswer(503, 'abcdef'));
  expect(await client.exchange(call())).toMatchObject({ kind: 'answered', statusCode: 503 });
});

test('takes no interim answer for one', async () => {
  const early = { link: '</style.css>; rel=preload' };
  wire.answer((response) => response.writeEarlyHints(early, () => response.socket?.destroy()));
  expect(await client.exchange(call())).toMatchObject({ kind: 'failed', isWritten: true });
  wire.answer((response, request) => {
    response.writeEarlyHints(early);
    json(200, {})(response, request);
  });
  expect(await client.exchange(call())).toMatchObject({ kind: 'answered', statusCode: 200 });
});

test('follows no redirect', async () => {
  wire.answer((response) => response.writeHead(302, { location: `${wire.url}/elsewhere` }).end());
  const before = wire.received.length;
  expect(await client.exchange(call())).toMatchObject({ statusCode: 302 });
  expect(wire.received.length).toBe(before + 1);
});

test('knows that a request was written when its connection ends, or the wait for it', async () => {
  wire.answer(reset);
  const code = expect.stringMatching(/^(ECONNRESET|UND_ERR_SOCKET)$/);
  expect(await client.exchange(call())).toEqual({ kind: 'failed', code, isWritten: true });
  const hasty = new AbortController();
  wire.answer(() => hasty.abort());
  expect(await client.exchange(call(hasty.signal))).toEqual({ kind: 'failed', code: 'timeout', isWritten: true });
  wire.answer(json(200, {}));
  expect(await client.exchange(call())).toMatchObject({ statusCode: 200 });
});

test('writes nothing once the signal has fired, nor when it fires while the connection is made', async () => {
  const before = wire.received.length;
  const unwritten = { kind: 'failed', code: 'timeout', isWritten: false };
  const fresh = createHttpClient({ baseUrl: wire.url });
  const connections = wire.connections();
  expect(await fresh.exchange(call(AbortSignal.abort()))).toEqual(unwritten);
  expect(wire.connections()).toBe(connections);
  const hasty = new AbortController();
  const given = fresh.exchange(call(hasty.signal));
  hasty.abort();
  expect(await given).toEqual(unwritten);
  wire.answer(json(200, {}));
  expect(await fresh.exchange(call())).toMatchObject({ statusCode: 200 });
  expect(wire.received.length).toBe(before + 1);
  await fresh.close();
});

test('gives up a connection that never stands, with nothing written', async () => {
  const silent = createServer((socket) => socket.resume());
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  // TLS that is never answered: the TCP connection stands, the request waits.
  const stuck = createHttpClient({ baseUrl: `https://127.0.0.1:${port}`, connectTimeoutMs: 300 });
  expect(await stuck.exchange(call(AbortSignal.timeout(100)))).toMatchObject({ isWritten: false, code: 'timeout' });
  await stuck.close();
  await new Promise((resolve) => silent.close(resolve));
});

test('judges a failure by whether anything was written', () => {
  const judge = (code: string, isWritten: boolean) => judgeFailure({ kind: 'failed', code, isWritten }).outcome;
  expect(judge('timeout', false)).toBe('transient');
  expect(judge('timeout', true)).toBe('unknown');
  expect(judge('ECONNRESET', true)).toBe('unknown');
  // A connection that stood can lose its way as well.
  expect(judge('EHOSTUNREACH', true)).toBe('unknown');
  expect(judge('ECONNREFUSED', false)).toBe('transient');
});

test('makes no connection into our own network where it must not', async () => {
  const before = wire.connections();
  const guarded = createHttpClient({ baseUrl: wire.url.replace('127.0.0.1', 'localhost'), lookup: lookupPublic });
  const result = await guarded.exchange(call());
  expect(result).toEqual({ kind: 'failed', code: 'PRIVATE_ADDRESS', isWritten: false });
  expect(judgeFailure({ kind: 'failed', code: 'PRIVATE_ADDRESS', isWritten: false })).toMatchObject({
    outcome: 'rejected',
    class: 'configuration',
  });
  expect(wire.connections()).toBe(before);
  await guarded.close();
});

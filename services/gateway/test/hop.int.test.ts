import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { BATCH_CALLS_MAX, HOP_ANSWERS_TYPE } from '@watchword/contracts';
import { Secret } from '@watchword/platform';
import { freePort } from '@watchword/platform/redis-server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ClosableHop, createHop } from '../src/hop/hop.ts';
import { keylessContext } from '../src/hop/keyless-context.ts';
import type { HopOutcome } from '../src/ports.ts';
import { json, type OtpStandIn, startOtpStandIn } from './otp-stand-in.fixture.ts';

const context = keylessContext('r', 0);
const hopKey = new Secret(randomBytes(32));

let otp: OtpStandIn;
let hop: ClosableHop;
beforeEach(async () => {
  otp = await startOtpStandIn(hopKey);
  hop = createHop({ name: 'otp', url: otp.url, hopKey });
  // Each answer names its own call.
  otp.answer = ({ path, context: { requestId, project } }, reply) => json(reply, 200, { path, requestId, project });
});
afterEach(async () => {
  await hop.close();
  await otp.close();
});

const forward = (path: string, timeLeftMs = 1_000, body = '') =>
  hop.forward({ method: 'GET', path, body, context: { ...context, requestId: path, project: `p${path}` }, timeLeftMs });
const said = (outcome: HopOutcome): unknown =>
  outcome.outcome === 'answered' ? JSON.parse(outcome.body) : outcome.reason;
const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

it('sends the calls of one turn in one batch, and a lone call at once', async () => {
  await forward('/lone');
  await Promise.all(Array.from({ length: 20 }, (_, index) => forward(`/${index}`)));
  expect(otp.batches).toEqual([1, 20]);
});

it('gives each of 500 calls at once its own answer, whatever the order they come in', async () => {
  const replies: (() => void)[] = [];
  otp.answer = ({ path, context: { requestId, project } }, reply) => {
    replies.push(() => json(reply, 200, { path, requestId, project }));
    if (replies.length === 500) for (const send of replies.toReversed()) send();
  };
  const paths = Array.from({ length: 500 }, (_, index) => `/${index}`);
  const outcomes = await Promise.all(paths.map((path) => forward(path)));
  expect(outcomes.map(said)).toEqual(paths.map((path) => ({ path, requestId: path, project: `p${path}` })));
  expect(otp.batches).toEqual([BATCH_CALLS_MAX, 500 - BATCH_CALLS_MAX]);
});

it('splits what one batch cannot hold', async () => {
  const body = 'é'.repeat(16 * 1024);
  const outcomes = await Promise.all(Array.from({ length: 40 }, (_, index) => forward(`/${index}`, 1_000, body)));
  expect(outcomes.map(said)).toMatchObject(outcomes.map((_, index) => ({ path: `/${index}` })));
  expect(sum(otp.batches)).toBe(40);
  expect(otp.batches.length).toBeGreaterThan(1);
});

it('answers the other calls of a batch while a slow one waits', async () => {
  let release = () => {};
  otp.answer = ({ path }, reply) => {
    if (path === '/slow') release = () => json(reply, 200, { path });
    else json(reply, 200, { path });
  };
  let isSlowAnswered = false;
  const slow = forward('/slow').finally(() => {
    isSlowAnswered = true;
  });
  const others = await Promise.all(['/a', '/b'].map((path) => forward(path)));
  expect(others.map(said)).toEqual([{ path: '/a' }, { path: '/b' }]);
  expect([isSlowAnswered, otp.batches]).toEqual([false, [3]]);
  release();
  expect(said(await slow)).toEqual({ path: '/slow' });
});

it('leaves unanswered, and does not repeat, what a lost connection had not answered', async () => {
  otp.answer = ({ path }, { answer, response }) => {
    if (path !== '/lost') answer({ status: 200, contentType: 'application/json', body: '{}' });
    else setTimeout(() => response.destroy(), 50);
  };
  const outcomes = await Promise.all(['/a', '/lost', '/b'].map((path) => forward(path)));
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['answered', 'unanswered', 'answered']);
  expect(said(await forward('/next'))).toEqual({});
  expect(otp.calls.map(({ path }) => path)).toEqual(['/a', '/lost', '/b', '/next']);
});

it('cuts each call of a batch at its own deadline', async () => {
  otp.answer = () => {};
  const startedAtMs = performance.now();
  const cutAfterMs = (timeLeftMs: number) => forward('/x', timeLeftMs).then(() => performance.now() - startedAtMs);
  const [first, second] = await Promise.all([cutAfterMs(100), cutAfterMs(900)]);
  expect(first).toBeGreaterThanOrEqual(150);
  expect(first).toBeLessThan(900);
  expect(second).toBeGreaterThanOrEqual(950);
  expect(otp.batches).toEqual([2]);
});

it('says that HOP_KEY differs when otp refuses the batch', async () => {
  const other = createHop({ name: 'otp', url: otp.url, hopKey: new Secret(randomBytes(32)) });
  const calls = [1, 2].map(() => other.forward({ method: 'GET', path: '/', body: '', context, timeLeftMs: 500 }));
  expect((await Promise.all(calls)).map(said)).toEqual(Array(2).fill('otp refused the hop signature: HOP_KEY differs'));
  expect([otp.refused, otp.calls]).toEqual([1, []]);
  await other.close();
});

it.each(['[{"call":0}]\n', 'no JSON\n', '{}\n'])('is not misled by a line that is no answer: %j', async (line) => {
  otp.answer = (_, { response }) => response.writeHead(200, { 'content-type': HOP_ANSWERS_TYPE }).write(line);
  const startedAtMs = performance.now();
  expect(said(await forward('/x'))).toContain('no answer');
  expect(performance.now() - startedAtMs).toBeLessThan(500);
});

it('never sends a call that waited for a connection until its deadline', async () => {
  otp.answer = () => {};
  // Every connection is taken until 1,050 ms by a batch that hangs; of the others, half are late by then, half only just.
  const startedAtMs = performance.now();
  const hanging: Promise<HopOutcome>[] = [];
  for (let taken = 0; taken < 64; taken += 1) {
    hanging.push(forward('/hangs', 1_000));
    await nextTurn();
  }
  await expect.poll(() => otp.calls.length).toBe(64);
  const leftMs = 1_000 - (performance.now() - startedAtMs);
  const waiting = Array.from({ length: 20 }, (_, index) => forward('/waits', index < 10 ? leftMs / 3 : leftMs));
  const outcomes = await Promise.all([...hanging, ...waiting]);
  expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['unanswered']));
  otp.answer = (_, reply) => json(reply, 200, {});
  expect(await forward('/last')).toMatchObject({ outcome: 'answered', status: 200 });
  expect(otp.calls.filter(({ path }) => path === '/waits')).toEqual([]);
});

it('sends what waited for a connection and still has time, together', async () => {
  otp.answer = () => {};
  const hanging: Promise<HopOutcome>[] = [];
  for (let taken = 0; taken < 64; taken += 1) {
    hanging.push(forward('/hangs', 600));
    await nextTurn();
  }
  await expect.poll(() => otp.calls.length).toBe(64);
  otp.answer = (_, reply) => json(reply, 200, {});
  const waiting: Promise<HopOutcome>[] = [];
  for (let waits = 0; waits < 10; waits += 1) {
    waiting.push(forward('/waits'));
    await nextTurn();
  }
  expect((await Promise.all(waiting)).map(({ outcome }) => outcome)).toEqual(Array(10).fill('answered'));
  expect(otp.batches.at(-1)).toBe(10);
  await Promise.all(hanging);
});

it('is unanswered at once where nobody listens, and answered when somebody does', async () => {
  const port = (await freePort()) ?? 0;
  const away = createHop({ name: 'otp', url: `http://127.0.0.1:${port}`, hopKey });
  const call = { method: 'GET', path: '/x', body: '', context, timeLeftMs: 1_000 } as const;
  const startedAtMs = performance.now();
  const outcomes = await Promise.all([away.forward(call), away.forward(call)]);
  expect(outcomes.map(said)).toEqual(Array(2).fill('otp is out of reach: ECONNREFUSED'));
  expect(performance.now() - startedAtMs).toBeLessThan(400);
  await away.close();
});

it('cuts a call that a server takes and never answers', async () => {
  const mute = createServer(() => {});
  const port = await new Promise<number>((resolve) => {
    mute.listen(0, '127.0.0.1', () => resolve((mute.address() as { port: number }).port));
  });
  const muted = createHop({ name: 'otp', url: `http://127.0.0.1:${port}`, hopKey });
  const call = { method: 'GET', path: '/x', body: '', context, timeLeftMs: 100 } as const;
  expect(said(await muted.forward(call))).toBe('otp did not answer in time');
  await muted.close();
  mute.close();
});

it('finishes what is in flight before it closes', async () => {
  let release = () => {};
  otp.answer = (_, reply) => {
    release = () => json(reply, 200, { late: true });
  };
  const answered = forward('/x');
  await expect.poll(() => otp.calls.length).toBe(1);
  const closed = hop.close();
  release();
  expect(said(await answered)).toEqual({ late: true });
  await closed;
});

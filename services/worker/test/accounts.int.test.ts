import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningService } from '@watchword/platform';
import { eventually } from '@watchword/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createScene, type Scene } from './scene.ts';

describe('a provider with credentials, and its twin at the sandbox', () => {
  let scene: Scene;
  let carrier: Server;
  let worker: RunningService;
  let liveCalls = 0;
  let carrierStatus = 201;

  beforeAll(async () => {
    scene = await createScene(inject('redisUrl'));
    carrier = createServer((request, response) => {
      liveCalls += 1;
      request.resume();
      response.writeHead(carrierStatus, { 'content-type': 'application/json' });
      response.end(carrierStatus === 201 ? JSON.stringify({ sid: 'SM1', status: 'queued' }) : '');
    });
    await new Promise<void>((resolve) => carrier.listen(0, '127.0.0.1', resolve));
    worker = await scene.startWorker({
      TWILIO_ACCOUNT_SID: `AC${'1'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'of-no-account',
      TWILIO_FROM: '+15005550006',
      TWILIO_BASE_URL: `http://127.0.0.1:${(carrier.address() as AddressInfo).port}`,
    });
  });
  afterAll(async () => {
    // The set-up may have failed half-way: what it did start must still end.
    await (worker as RunningService | undefined)?.close();
    carrier.closeAllConnections();
    carrier.close();
    await (scene as Scene | undefined)?.close();
  });
  beforeEach(async () => {
    await scene.clearFaults();
    await scene.redis.del('ww:{h:twilio}');
    liveCalls = 0;
    carrierStatus = 201;
  });

  test('sends for a test key at the sandbox, and for a live key at the carrier', async () => {
    const testKey = await scene.open('test');
    expect(await scene.ended(testKey.id)).toMatchObject({ status: 'accepted', attempts: [{ provider: 'twilio' }] });
    expect(await scene.inbox(testKey.to)).toHaveLength(1);
    expect(liveCalls).toBe(0);

    const liveKey = await scene.open('live');
    expect(await scene.ended(liveKey.id)).toMatchObject({ status: 'accepted', attempts: [{ provider: 'twilio' }] });
    expect(await scene.inbox(liveKey.to)).toEqual([]);
    expect(liveCalls).toBe(1);
  });

  test('never turns from one to the other, whatever fails', async () => {
    await scene.fault('twilio', 'down');
    await scene.fault('vonage', 'down');
    const testKey = await scene.open('test');
    await settledOnce(testKey.id, 2);
    expect(liveCalls).toBe(0);

    carrierStatus = 503;
    await scene.clearFaults();
    const liveKey = await scene.open('live');
    await settledOnce(liveKey.id, 1);
    expect(await scene.inbox(liveKey.to)).toEqual([]);
    expect(liveCalls).toBe(1);
  });

  test('keeps a circuit for each: a carrier that is down does not take the sandbox with it', async () => {
    carrierStatus = 503;
    for (let time = 0; time < 5; time += 1) await settledOnce((await scene.open('live')).id, 1);
    expect(await scene.redis.hget('ww:{h:twilio}', 'state')).toBe('open');
    const { id } = await scene.open('test');
    expect(await scene.ended(id)).toMatchObject({ attempts: [{ provider: 'twilio', outcome: 'accepted' }] });
    const metrics = await (await fetch(`${worker.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/watchword_circuit_state\{provider="twilio",mode="live",channel="sms",state="open",.*\} 1/);
    expect(metrics).toMatch(
      /watchword_circuit_state\{provider="twilio",mode="test",channel="sms",state="closed",.*\} 1/,
    );
  });

  /** All providers of the mode have said no: there is no due set here that would bring the delivery back. */
  const settledOnce = (id: string, attempts: number) =>
    eventually(`${attempts} attempts settled`, 5_000, async () => {
      const settled = (await scene.timeline(id)).filter(({ type }) => type === 'attempt.settled');
      return settled.length === attempts ? true : undefined;
    });
});

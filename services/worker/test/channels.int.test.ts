import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CHANNELS, type Channel, type ProviderKind } from '@watchword/contracts';
import { createMessageMap } from '@watchword/delivery';
import type { RunningService } from '@watchword/platform';
import { eventually } from '@watchword/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createScene, type Scene } from './scene.ts';

describe('the worker, on each channel', () => {
  let scene: Scene;
  let worker: RunningService;

  beforeAll(async () => {
    scene = await createScene(inject('redisUrl'));
    worker = await scene.startWorker();
  });
  afterAll(async () => {
    // The set-up may have failed half-way: what it did start must still end.
    await (worker as RunningService | undefined)?.close();
    await (scene as Scene | undefined)?.close();
  });
  beforeEach(() => scene.clearFaults());
  const readMetrics = async () => (await fetch(`${worker.adminUrl}/metrics`)).text();

  test.each([
    ['sms', 'twilio'],
    ['whatsapp', 'whatsapp_cloud'],
    ['email', 'smtp'],
    ['voice', 'twilio'],
    ['push', 'fcm'],
  ] satisfies [Channel, ProviderKind][])(
    'takes %s deliveries off their queue, and sends them through %s',
    async (channel, provider) => {
      const { id, to } = await scene.open('test', { channel });
      expect(await scene.ended(id)).toMatchObject({
        status: 'accepted',
        attempts: [{ provider, outcome: 'accepted' }],
      });
      const [message] = await scene.inbox(to);
      expect(message).toMatchObject({ channel, provider, to });
      const metrics = await readMetrics();
      expect(metrics).toMatch(new RegExp(`watchword_deliveries_total\\{channel="${channel}",result="accepted",`));
      expect(metrics).toMatch(
        new RegExp(
          `watchword_attempt_duration_seconds_count\\{.*provider="${provider}".*channel="${channel}".*\\} [1-9]`,
        ),
      );
      expect(scene.log()).toMatch(new RegExp(`"channel":"${channel}","result":"accepted".*"msg":"delivery job"`));
    },
  );

  test('keeps a circuit for each channel of an account: calls that fail take no SMS with them', async () => {
    // The fifth opens it; what follows finds it open, and no other provider carries voice.
    await scene.fault('twilio', 'down', { count: 5 });
    for (let time = 0; time < 5; time += 1) await settledOnce((await scene.open('test', { channel: 'voice' })).id);
    expect(await scene.redis.hget('ww:{h:twilio~test.voice}', 'state')).toBe('open');
    const { id } = await scene.open();
    expect(await scene.ended(id)).toMatchObject({ attempts: [{ provider: 'twilio', outcome: 'accepted' }] });
    const metrics = await readMetrics();
    expect(metrics).toMatch(
      /watchword_circuit_state\{provider="twilio",mode="test",channel="voice",state="open",.*\} 1/,
    );
    expect(metrics).toMatch(
      /watchword_circuit_state\{provider="twilio",mode="test",channel="sms",state="closed",.*\} 1/,
    );
    expect(scene.log()).toMatch(/"provider":"twilio","mode":"test","channel":"voice".*"msg":"circuit opened"/);
  });

  test('ends a delivery as unknown, and calls nobody else, where the policy waits for a receipt', async () => {
    await scene.fault('twilio', 'hang', { count: 1 });
    const { id, to } = await scene.open('test', { onUnknown: 'wait' });
    expect(await scene.ended(id)).toMatchObject({ status: 'unknown', attempts: [{ provider: 'twilio' }] });
    expect(await scene.inbox(to)).toEqual([]);
  });

  describe('a step of a workflow with another one behind it', () => {
    const down = (count: number) => scene.fault('twilio', 'down', { count });
    /** How the step ended, and why the next one began. */
    const storyOf = async (id: string) => {
      const { status, attempts } = await scene.ended(id);
      const events = await scene.timeline(id);
      const [, second] = events.flatMap(({ type, data }) => (type === 'delivery.queued' ? [data] : []));
      return { status, codes: attempts.map(({ provider_code }) => provider_code), second };
    };
    const next = 'sms';

    test('ends after one round, when all that it has said that they cannot', async () => {
      await down(1);
      const { id } = await scene.open('test', { channel: 'voice', next });
      const { status, codes, second } = await storyOf(id);
      expect([status, codes.length]).toEqual(['failed', 1]);
      expect(second).toMatchObject({ channel: 'sms', reason: 'failed' });
    });

    test('ends at once when each circuit is open', async () => {
      await down(5);
      for (let time = 0; time < 5; time += 1) await settledOnce((await scene.open('test', { channel: 'voice' })).id);
      const { id } = await scene.open('test', { channel: 'voice', next });
      expect(await storyOf(id)).toMatchObject({
        status: 'failed',
        codes: ['circuit_open'],
        second: { channel: 'sms', reason: 'failed' },
      });
    });

    test('ends at once when all that the project has are draining', async () => {
      const project = `p-${Date.now()}`;
      const providers = [scene.provider('prv_drained', { isDraining: true })];
      await scene.publish(project, { providers });
      const { id } = await scene.open('test', { project, channel: 'voice', next });
      expect(await storyOf(id)).toMatchObject({
        status: 'failed',
        codes: ['draining'],
        second: { channel: 'sms', reason: 'failed' },
      });
    });
  });

  test('serves only the channels that it is told to', async () => {
    await worker.close();
    worker = await scene.startWorker({ WORKER_CHANNELS: 'email' });
    const text = await scene.open('test', { channel: 'sms' });
    const mail = await scene.open('test', { channel: 'email' });
    expect(await scene.ended(mail.id)).toMatchObject({ status: 'accepted' });
    expect(await scene.timeline(text.id)).not.toContainEqual(expect.objectContaining({ type: 'attempt.started' }));
    expect(await readMetrics()).not.toMatch(/watchword_circuit_state\{.*channel="sms"/);
    await worker.close();
    const others = CHANNELS.filter((channel) => channel !== 'email').join(',');
    worker = await scene.startWorker({ WORKER_CHANNELS: others });
    expect(await scene.ended(text.id)).toMatchObject({ status: 'accepted' });
    expect((await fetch(`${worker.adminUrl}/livez`)).status).toBe(200);
    await worker.close();
    worker = await scene.startWorker();
  });

  const settledOnce = (id: string) =>
    eventually('an attempt is settled', 5_000, async () =>
      (await scene.timeline(id)).some(({ type }) => type === 'attempt.settled') ? true : undefined,
    );
});

describe('a provider that repeats nothing of ours', () => {
  let scene: Scene;
  let wati: Server;
  let worker: RunningService;
  let answers = async (number: string): Promise<object> => taken('of-nobody', number);

  beforeAll(async () => {
    scene = await createScene(inject('redisUrl'));
    wati = createServer((request, response) => {
      request.resume();
      const number = new URL(request.url ?? '', 'http://wati').searchParams.get('whatsappNumber') ?? '';
      void answers(number).then((body) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => wati.listen(0, '127.0.0.1', resolve));
    worker = await scene.startWorker({
      WHATSAPP_PROVIDERS: 'wati',
      // In place of the sandbox, so that the moment of a receipt is the test's.
      SANDBOX_URL: `http://127.0.0.1:${(wati.address() as AddressInfo).port}`,
    });
  });
  afterAll(async () => {
    await (worker as RunningService | undefined)?.close();
    wati.closeAllConnections();
    wati.close();
    await (scene as Scene | undefined)?.close();
  });
  beforeEach(() => scene.clearFaults());

  const taken = (messageId: string, waId: string) => ({
    result: true,
    receivers: [{ localMessageId: messageId, waId, isValidWhatsAppNumber: true, errors: [] }],
  });
  const receipt = (messageId: string) => ({
    of: { account: 'wati~test', messageId },
    mode: 'test' as const,
    circuit: 'wati~test',
    status: 'delivered' as const,
    health: 'healthy' as const,
  });

  test('has its message bound to the attempt, so that a receipt finds it', async () => {
    const messages = createMessageMap({ redis: scene.redis });
    const messageId = `wati-${Date.now()}-late`;
    answers = async (number) => taken(messageId, number);
    const { id } = await scene.open('test', { channel: 'whatsapp' });
    expect(await scene.ended(id)).toMatchObject({ status: 'accepted', attempts: [{ provider: 'wati' }] });
    const attemptId = await eventually(
      'the message is bound',
      5_000,
      async () => (await messages.takeOrPark(receipt(messageId))) ?? undefined,
    );
    expect(attemptId).toBe(`att_${id.replace('ver_', '')}-1-1`);
  });

  test('has the receipts applied that came before its answer', async () => {
    const messages = createMessageMap({ redis: scene.redis });
    const messageId = `wati-${Date.now()}-early`;
    answers = async (number) => {
      expect(await messages.takeOrPark(receipt(messageId))).toBeNull();
      return taken(messageId, number);
    };
    const { id } = await scene.open('test', { channel: 'whatsapp' });
    const told = await eventually('the receipt is applied', 5_000, async () =>
      (await scene.timeline(id)).find(({ type }) => type === 'receipt.received'),
    );
    expect(told.data).toMatchObject({ status: 'delivered', provider: 'wati' });
  });
});

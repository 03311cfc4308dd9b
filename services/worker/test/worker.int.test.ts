import type { RunningService } from '@watchword/platform';
import { findLeaks } from '@watchword/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createScene, type Scene } from './scene.ts';

describe('the worker', () => {
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

  test('delivers a code through the primary', async () => {
    const { id, to } = await scene.open();
    expect(await scene.ended(id)).toMatchObject({
      status: 'accepted',
      attempts: [{ provider: 'twilio', outcome: 'accepted', attempt: 1 }],
    });
    const [message] = await scene.inbox(to);
    expect(message).toMatchObject({ provider: 'twilio', to });
    expect(message?.text).toMatch(
      /^Your login OTP is [A-Z0-9]{10}\. Do not share it with anyone\. Valid for 5 minutes\.$/,
    );
  });

  test.each([
    ['down', { outcome: 'transient', provider_code: 'http_503' }],
    ['throttle', { outcome: 'transient', provider_code: '20429' }],
    ['auth', { outcome: 'rejected', class: 'configuration', provider_code: '20003' }],
    ['hang', { outcome: 'unknown', provider_code: 'timeout' }],
    ['reset', { outcome: 'unknown' }],
  ])('delivers through the secondary when the primary is %s', async (mode, reason) => {
    await scene.fault('twilio', mode, { count: 1 });
    const { id, to } = await scene.open();
    expect(await scene.ended(id)).toMatchObject({
      status: 'accepted',
      attempts: [
        { provider: 'twilio', ...reason },
        { provider: 'vonage', outcome: 'accepted' },
      ],
    });
    expect((await scene.inbox(to)).map(({ provider }) => provider)).toEqual(['vonage']);
  });

  test('sends one more copy with the same code, never none, when the answer is lost', async () => {
    await scene.fault('twilio', 'lost_answer', { count: 1 });
    const { id, to } = await scene.open();
    expect(await scene.ended(id)).toMatchObject({ attempts: [{ outcome: 'unknown' }, { outcome: 'accepted' }] });
    const messages = await scene.inbox(to);
    expect(messages.map(({ provider }) => provider).toSorted()).toEqual(['twilio', 'vonage']);
    expect(new Set(messages.map(({ code }) => code)).size).toBe(1);
    expect(await readMetrics()).toMatch(
      /watchword_possible_duplicates_total\{channel="sms",reason="unknown",.*\} [1-9]/,
    );
  });

  test('does not fail over a bad number', async () => {
    await scene.fault('twilio', 'reject', { count: 1 });
    const { id, to } = await scene.open();
    expect(await scene.ended(id)).toMatchObject({
      status: 'failed',
      attempts: [{ provider: 'twilio', class: 'destination', provider_code: '21211' }],
    });
    expect(await scene.inbox(to)).toEqual([]);
  });

  test('never opens a circuit over bad numbers', async () => {
    await scene.fault('twilio', 'reject', { count: 8 });
    for (let time = 0; time < 8; time += 1) await scene.ended((await scene.open()).id);
    const { id } = await scene.open();
    expect(await scene.ended(id)).toMatchObject({ attempts: [{ provider: 'twilio', outcome: 'accepted' }] });
  });

  test('keeps a live verification away from the sandbox', async () => {
    const { id, to } = await scene.open('live');
    expect(await scene.ended(id)).toMatchObject({
      status: 'failed',
      attempts: [{ outcome: 'rejected', class: 'configuration', provider_code: 'no_provider' }],
    });
    expect(await scene.inbox(to)).toEqual([]);
  });

  test('skips the primary once it has failed 5 times in a row, and says so', async () => {
    await scene.fault('twilio', 'down');
    for (let time = 0; time < 5; time += 1) await scene.ended((await scene.open()).id);
    const { id } = await scene.open();
    expect(await scene.ended(id)).toMatchObject({ attempts: [{ provider: 'vonage', attempt: 1 }] });
    expect(scene.log()).toMatch(/"reason":"failures_in_row","ms_since_first_failure":\d+,"msg":"circuit opened"/);
    const metrics = await readMetrics();
    expect(metrics).toMatch(/watchword_circuit_state\{provider="twilio",mode="test",channel="sms",state="open",.*\} 1/);
    expect(metrics).toMatch(
      /watchword_circuit_state\{provider="twilio",mode="test",channel="sms",state="closed",.*\} 0/,
    );
    expect(metrics).toMatch(
      /watchword_circuit_state\{provider="vonage",mode="test",channel="sms",state="closed",.*\} 1/,
    );
    expect(metrics).toMatch(
      /watchword_circuit_transitions_total\{provider="twilio",mode="test",channel="sms",to="open",reason="failures_in_row",.*\} 1/,
    );
  });

  test('shows the state that a circuit is in now, though this worker has been idle', async () => {
    await scene.redis.hset('ww:{h:vonage~test}', { state: 'open', open_until: '9000000000000' });
    expect(await readMetrics()).toMatch(
      /watchword_circuit_state\{provider="vonage",mode="test",channel="sms",state="open",.*\} 1/,
    );
    await scene.clearFaults();
    expect(await readMetrics()).toMatch(
      /watchword_circuit_state\{provider="vonage",mode="test",channel="sms",state="open",.*\} 0/,
    );
  });

  test('is ready while it consumes, and counts what it did', async () => {
    expect((await fetch(`${worker.adminUrl}/readyz`)).status).toBe(200);
    await scene.ended((await scene.open()).id);
    const metrics = await readMetrics();
    expect(metrics).toMatch(/watchword_deliveries_total\{channel="sms",result="accepted",service="worker"\} \d+/);
    expect(metrics).toMatch(
      /watchword_attempt_duration_seconds_count\{.*provider="twilio".*outcome="accepted".*\} \d+/,
    );
  });

  test('finishes the running delivery before it closes', async () => {
    await scene.fault('twilio', 'ok', { delay_ms: 300 });
    const { id, to } = await scene.open();
    await scene.attemptStarted(id);
    await worker.close();
    expect((await scene.timeline(id)).at(-1)).toMatchObject({ type: 'delivery.ended', data: { status: 'accepted' } });
    expect(await scene.inbox(to)).toHaveLength(1);
    expect(await scene.producer.counts()).toMatchObject({ active: 0 });
    worker = await scene.startWorker();
    expect(await scene.ended((await scene.open()).id)).toMatchObject({ status: 'accepted' });
  });

  test('refuses half of a credential set by name', async () => {
    await expect(scene.startWorker({ VONAGE_API_KEY: 'abcd1234' })).rejects.toThrow(
      /VONAGE_API_KEY.*VONAGE_API_SECRET/,
    );
  });

  test('refuses keys that this Redis was not used with', async () => {
    await expect(scene.startWorker({ SEAL_KEY: 'A'.repeat(43) })).rejects.toThrow(/^SEAL_KEY is not the one/);
  });

  test('logs one line per job, and neither code nor number', () => {
    const lines = scene.log().split('\n');
    const jobs = lines
      .filter((line) => line.includes('"msg":"delivery job"'))
      .map((line) => JSON.parse(line) as object);
    expect(jobs.length).toBeGreaterThan(10);
    // Another suite's jobs may have been in the queue before.
    expect(jobs).toContainEqual(
      expect.objectContaining({
        delivery: expect.stringMatching(/^del_/),
        request_id: 'req_1',
        result: 'accepted',
        attempts: [expect.objectContaining({ provider: 'twilio', outcome: 'accepted' })],
      }),
    );
    const secrets = scene.seen.flatMap(({ to, code }) => (code === null ? [to.slice(1)] : [to.slice(1), code]));
    expect(new Set(secrets).size).toBeGreaterThan(10);
    expect(findLeaks(secrets, [['log', Buffer.from(scene.log())]])).toEqual([]);
  });
});

import type { WorkflowStep } from '@watchword/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Harness, LEASE_MS, NO_PACING, startHarness } from './harness.ts';
import { workflowsOn } from './workflows.fixture.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const { claim, deliveryOf, drain, dueOf, holdsCode, start, storyOf } = workflowsOn(() => harness);

test('a message of an earlier step that arrives ends the workflow, and what waits for its turn is skipped', async () => {
  const sent = await start([
    { channel: 'whatsapp', timeout_s: 30 },
    { channel: 'sms', timeout_s: 30 },
    { channel: 'voice' },
  ]);
  const claimed = await claim(sent);
  await harness.settle(claimed, 'accepted');
  harness.travel(30_001);
  expect(await drain(sent)).toEqual(['sms 2']);
  await harness.receive(claimed, 'delivered');
  expect(await storyOf(sent)).toBe('whatsapp delivered, sms skipped');
  expect(await harness.deliveries.claim(deliveryOf(sent, 2), LEASE_MS)).toEqual({ result: 'ended' });
  expect((await harness.dataOf(sent, 'delivery.ended')).at(-1)).toEqual({
    delivery: deliveryOf(sent, 2),
    status: 'skipped',
  });
  expect(await holdsCode(sent)).toBe(false);
  expect(await dueOf(sent)).toEqual(['x']);
});

describe('once a message of a workflow has arrived', () => {
  const THREE: readonly WorkflowStep[] = [
    { channel: 'whatsapp', timeout_s: 30 },
    { channel: 'sms' },
    { channel: 'voice' },
  ];
  const nexts = [{ kind: 'again' }, { kind: 'later', delayMs: 2_000 }] as const;

  test.each(nexts)('a later step that is just being sent is not tried $kind', async (next) => {
    const sent = await start(THREE);
    const first = await claim(sent);
    await harness.settle(first, 'accepted');
    harness.travel(30_001);
    await drain(sent);
    const second = await claim(sent, 2);
    await harness.receive(first, 'delivered');
    expect(await holdsCode(sent)).toBe(false);
    await harness.settle(second, 'transient', { next });
    expect(await storyOf(sent)).toBe('whatsapp delivered, sms skipped');
    expect(await harness.deliveries.claim(deliveryOf(sent, 2), LEASE_MS)).toEqual({ result: 'ended' });
    expect(await dueOf(sent)).toEqual(['x']);
    expect(await harness.read(sent)).toMatchObject({ undeliverable: false });
  });

  test('nor is one whose worker died', async () => {
    const sent = await start(THREE);
    const first = await claim(sent);
    await harness.settle(first, 'accepted');
    harness.travel(30_001);
    await drain(sent);
    await claim(sent, 2);
    await harness.receive(first, 'read');
    harness.travel(LEASE_MS + 1);
    await drain(sent);
    expect(await harness.deliveries.claim(deliveryOf(sent, 2), LEASE_MS)).toEqual({ result: 'ended' });
    expect(await storyOf(sent)).toBe('whatsapp read, sms skipped');
  });

  test('an earlier step that still waits for another attempt is skipped', async () => {
    const sent = await start(THREE);
    await harness.settle(await claim(sent), 'transient', { next: { kind: 'later', delayMs: 60_000 } });
    harness.travel(30_001);
    await drain(sent);
    const second = await claim(sent, 2);
    await harness.settle(second, 'accepted');
    await harness.receive(second, 'delivered');
    expect(await storyOf(sent)).toBe('whatsapp skipped, sms delivered');
    expect(await dueOf(sent)).toEqual(['x']);
  });

  test('the workflow of a later send, whose code is another one, goes on', async () => {
    const sent = await start();
    const first = await claim(sent);
    await harness.settle(first, 'accepted');
    await harness.verifications.resend(sent.id, undefined, NO_PACING, harness.call());
    await harness.receive(first, 'delivered');
    expect(await storyOf(sent)).toBe('whatsapp delivered, whatsapp queued');
    await harness.settle(await claim(sent, 2), 'transient');
    expect(await storyOf(sent)).toBe('whatsapp delivered, whatsapp failed, sms queued');
  });
});

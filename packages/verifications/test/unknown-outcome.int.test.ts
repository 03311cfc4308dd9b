import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Harness, LEASE_MS, type Opened, startHarness } from './harness.ts';
import { WHATSAPP_SMS, workflowsOn } from './workflows.fixture.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const { claim, drain, start, storyOf } = workflowsOn(() => harness);

describe('where the policy waits on an unknown outcome, a worker that dies is one', () => {
  const begin = () => start(WHATSAPP_SMS, { onUnknown: 'wait' });

  const finders = {
    'the due set': drain,
    'another claim': async (sent: Opened) => {
      expect(await harness.deliveries.claim(sent.deliveryId, LEASE_MS)).toEqual({ result: 'ended' });
      return [];
    },
  };

  test.each(Object.entries(finders))('as %s finds: nothing is sent again over its channel', async (_, find) => {
    const sent = await begin();
    const { attempt } = await claim(sent);
    harness.travel(LEASE_MS + 1);
    expect(await find(sent)).toEqual([]);
    expect(await storyOf(sent)).toBe('whatsapp unknown');
    expect((await harness.dataOf(sent, 'attempt.settled'))[0]).toMatchObject({
      outcome: 'unknown',
      provider_code: 'lease_ended',
    });
    expect(await harness.dataOf(sent, 'delivery.ended')).toEqual([{ delivery: sent.deliveryId, status: 'unknown' }]);
    expect(attempt.ordinal).toBe(1);
    harness.travel(30_000 - LEASE_MS);
    expect(await drain(sent)).toEqual(['sms 2']);
  });

  test.each(Object.entries(finders))(
    'and is one whatever the policy once its verification has ended, as %s finds',
    async (_, find) => {
      const sent = await harness.open();
      await claim(sent);
      await harness.verifications.cancel(sent.id, harness.call());
      harness.travel(LEASE_MS + 1);
      expect(await find(sent)).toEqual([]);
      expect(await storyOf(sent)).toBe('sms unknown');
    },
  );

  test('and a receipt says what became of its message', async () => {
    for (const [word, story] of [
      ['undelivered', 'whatsapp undelivered, sms queued'],
      ['delivered', 'whatsapp delivered'],
    ] as const) {
      const sent = await begin();
      const claimed = await claim(sent);
      harness.travel(LEASE_MS + 1);
      await drain(sent);
      await harness.receive(claimed, word);
      expect(await storyOf(sent)).toBe(story);
    }
  });

  test('and one that came before has said it already', async () => {
    const sent = await begin();
    const claimed = await claim(sent);
    await harness.receive(claimed, 'sent');
    harness.travel(LEASE_MS + 1);
    await drain(sent);
    expect(await storyOf(sent)).toBe('whatsapp accepted');
  });
});

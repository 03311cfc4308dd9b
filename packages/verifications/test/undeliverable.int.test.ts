import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Claimed } from '../src/deliveries.ts';
import { type Harness, NO_PACING, type Opened, policy, startHarness, wrongCode } from './harness.ts';
import { workflowsOn } from './workflows.fixture.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const { claim, drain, start, storyOf } = workflowsOn(() => harness);

const SMS_WHATSAPP = { kind: 'at_once', channels: ['sms', 'whatsapp'] } as const;
const claimAll = (sent: Opened) => Promise.all(sent.deliveries.map(({ id }) => harness.claim(id)));

describe('a verification is undeliverable', () => {
  test('once its last step has failed, and says so once, with all the channels', async () => {
    const sent = await start();
    await harness.settle(await claim(sent), 'transient');
    expect(await harness.read(sent)).toMatchObject({ undeliverable: false });
    const second = await claim(sent, 2);
    await harness.settle(second, 'accepted');
    await harness.receive(second, 'undelivered');
    expect(await harness.read(sent)).toMatchObject({ undeliverable: true, status: 'pending' });
    expect(await harness.dataOf(sent, 'verification.undeliverable')).toEqual([{ channels: 'whatsapp,sms' }]);
    const types = (await harness.timelineOf(sent.id)).map(({ type }) => type);
    expect(types.at(-1)).toBe('verification.undeliverable');
    // Proof that one was taken after all clears it.
    await harness.receive(second, 'delivered');
    expect(await harness.read(sent)).toMatchObject({ undeliverable: false });
  });

  test('not while a message of any step may still arrive', async () => {
    const sent = await start();
    await harness.settle(await claim(sent), 'unknown');
    await harness.settle(await claim(sent, 2), 'transient');
    expect(await storyOf(sent)).toBe('whatsapp unknown, sms failed');
    expect(await harness.read(sent)).toMatchObject({ undeliverable: false });
    expect(await harness.dataOf(sent, 'verification.undeliverable')).toEqual([]);
  });

  test('when nobody sent anything in the life of its code', async () => {
    const sent = await start([{ channel: 'whatsapp', timeout_s: 60 }, { channel: 'sms' }]);
    harness.travel(60_001);
    await drain(sent);
    harness.travel(300_000);
    await drain(sent);
    expect(await storyOf(sent)).toBe('whatsapp expired_unsent, sms expired_unsent');
    expect(await harness.dataOf(sent, 'verification.undeliverable')).toHaveLength(1);
    expect(await harness.read(sent)).toMatchObject({ undeliverable: true, status: 'expired' });
  });

  test('not for a message under way that fails after the verification was ended, unless that ran out of time', async () => {
    const ends = {
      canceled: async ({ id }: Opened) => harness.verifications.cancel(id, harness.call()),
      exhausted: async ({ id }: Opened, { code }: Claimed) => {
        for (let check = 0; check < policy.checksMax; check += 1) await harness.judge(id, wrongCode(code));
      },
      expired: async (sent: Opened) => {
        harness.travel(policy.codeTtlMs + 1);
        await drain(sent);
      },
    } as const;
    for (const [status, end] of Object.entries(ends)) {
      const sent = await harness.open();
      const claimed = await harness.deliveries.claim(sent.deliveryId, 2 * policy.codeTtlMs);
      if (claimed.result !== 'claimed') throw new Error(claimed.result);
      await end(sent, claimed);
      expect(await harness.read(sent)).toMatchObject({ status });
      await harness.settle(claimed, 'transient');
      expect(await storyOf(sent)).toBe('sms failed');
      expect(await harness.dataOf(sent, 'verification.undeliverable')).toHaveLength(status === 'expired' ? 1 : 0);
      expect(await harness.read(sent)).toMatchObject({ undeliverable: status === 'expired' });
    }
  });

  test('not for what a receipt says after its approval', async () => {
    const sent = await harness.open();
    const claimed = await claim(sent);
    await harness.settle(claimed, 'accepted');
    await harness.judge(sent.id, claimed.code);
    await harness.receive(claimed, 'undelivered');
    expect(await harness.read(sent)).toMatchObject({ undeliverable: false, deliveries: [{ status: 'undelivered' }] });
  });

  test('of several channels at once only once all of them are lost, in whichever order', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ] as const) {
      const sent = await harness.open({ plan: SMS_WHATSAPP });
      const claimed = await claimAll(sent);
      await harness.settle(claimed[order[0]] as Claimed, 'transient');
      expect(await harness.read(sent)).toMatchObject({ undeliverable: false });
      expect(await harness.dataOf(sent, 'verification.undeliverable')).toEqual([]);
      await harness.settle(claimed[order[1]] as Claimed, 'transient');
      expect(await harness.read(sent)).toMatchObject({ undeliverable: true });
      expect(await harness.dataOf(sent, 'verification.undeliverable')).toEqual([{ channels: 'sms,whatsapp' }]);
    }
  });

  test('of several channels at once not while one of them was taken, or may have been', async () => {
    for (const status of ['accepted', 'unknown'] as const) {
      const sent = await harness.open({ plan: SMS_WHATSAPP });
      const [first, second] = await claimAll(sent);
      await harness.settle(first as Claimed, status);
      await harness.settle(second as Claimed, 'transient');
      expect(await harness.read(sent)).toMatchObject({ undeliverable: false });
    }
  });

  test('not for an earlier send that was lost', async () => {
    const sent = await harness.open({ plan: SMS_WHATSAPP }, NO_PACING);
    const claimed = await claimAll(sent);
    await harness.verifications.resend(sent.id, undefined, NO_PACING, harness.call());
    for (const one of claimed) await harness.settle(one, 'transient');
    expect(await harness.read(sent)).toMatchObject({ undeliverable: false });
  });
});

import type { Channel } from '@watchword/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Harness, NO_PACING, type Opened, opened, openInput, policy, startHarness } from './harness.ts';
import { WHATSAPP_SMS, workflowsOn } from './workflows.fixture.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const { claim, deliveryOf, drain, holdsCode, start, storyOf } = workflowsOn(() => harness);

describe('a resend replaces the workflow that runs', () => {
  const again = async (sent: Opened, channel?: Channel) =>
    opened(await harness.verifications.resend(sent.id, channel, NO_PACING, harness.call()));

  test('over one channel: its time-outs and failures lead nowhere any more, and its code is still right', async () => {
    const sent = await start();
    const { code, attempt } = await claim(sent);
    const resent = await again(sent, 'voice');
    expect(resent.deliveries).toEqual([{ id: deliveryOf(sent, 2), channel: 'voice' }]);
    harness.travel(1_000);
    await harness.deliveries.settle(attempt, {
      provider: 'twilio',
      countsAsCall: true,
      outcome: 'transient',
      expectsReceipt: true,
      next: { kind: 'end', status: 'failed' },
    });
    expect(await holdsCode(sent)).toBe(false);
    harness.travel(30_000);
    await drain(sent);
    expect(await storyOf(sent)).toBe('whatsapp failed, voice queued');
    const claimed = await claim(sent, 2);
    expect(claimed.code).not.toBe(code);
    await harness.settle(claimed, 'transient');
    expect(await storyOf(sent)).toBe('whatsapp failed, voice failed');
    expect(await harness.dataOf(sent, 'verification.undeliverable')).toEqual([{ channels: 'voice' }]);
    expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'approved' });
  });

  test('and erases the code that only a later step of it was to send', async () => {
    const sent = await start();
    await harness.settle(await claim(sent), 'accepted');
    expect(await holdsCode(sent)).toBe(true);
    await again(sent, 'voice');
    expect(await holdsCode(sent)).toBe(false);
  });

  test('as it was opened: from the first step on, with a new code for all of them', async () => {
    const sent = await start();
    const first = await claim(sent);
    await harness.settle(first, 'transient');
    expect((await again(sent)).deliveries).toEqual([{ id: deliveryOf(sent, 3), channel: 'whatsapp' }]);
    const third = await claim(sent, 3);
    expect(third.code).not.toBe(first.code);
    harness.travel(30_001);
    expect(await drain(sent)).toContain('sms 4');
    expect((await claim(sent, 4)).code).toBe(third.code);
    expect(await storyOf(sent)).toBe('whatsapp failed, sms queued, whatsapp queued, sms sending');
    // The delivery of the first send that still waited is of the first code.
    expect((await claim(sent, 2)).code).toBe(first.code);
    // After another one over a single channel the plan stands as it was.
    expect((await again(sent, 'sms')).deliveries).toMatchObject([{ channel: 'sms' }]);
    expect((await again(sent)).deliveries).toMatchObject([{ channel: 'whatsapp' }]);
  });

  test('and the codes that stay valid are those of the last three sends, however many messages those were', async () => {
    const sent = await start();
    const codes: string[] = [];
    for (let send = 1; send <= 4; send += 1) {
      const first = send * 2 - 1;
      const claimed = await claim(sent, first);
      codes.push(claimed.code);
      await harness.settle(claimed, 'transient');
      expect((await claim(sent, first + 1)).code).toBe(claimed.code);
      if (send < 4) await again(sent);
    }
    expect(await harness.judge(sent.id, codes[0] as string)).toMatchObject({ result: 'incorrect' });
    expect(await harness.judge(sent.id, codes[1] as string)).toMatchObject({ result: 'approved' });
  });

  test('in resend mode rotate: the later step of a code that was superseded is not begun', async () => {
    const sent = await start(WHATSAPP_SMS, { codesValidMax: 1 });
    const first = await claim(sent);
    await again(sent);
    await harness.settle(first, 'transient');
    expect(await storyOf(sent)).toBe('whatsapp failed, whatsapp queued');
    expect(await harness.judge(sent.id, first.code)).toMatchObject({ result: 'incorrect' });
  });
});

test('another open with a plan of its own goes by that plan, which a later resend follows, too', async () => {
  const input = openInput();
  const sent = await harness.open(input, { pacingSeconds: [0] });
  const plan = { kind: 'in_turn', steps: WHATSAPP_SMS } as const;
  const second = await harness.open({ ...input, plan }, { pacingSeconds: [0] });
  expect(second).toMatchObject({ id: sent.id, deliveries: [{ channel: 'whatsapp' }] });
  await harness.settle(await claim(sent, 2), 'transient');
  expect(await storyOf(sent)).toBe('sms queued, whatsapp failed, sms queued');
  const third = await harness.verifications.resend(sent.id, undefined, policy, harness.call());
  expect(third).toMatchObject({ deliveries: [{ channel: 'whatsapp' }] });
  expect(await harness.verifications.recipientOf(sent.id, harness.owner)).toMatchObject({
    channels: ['whatsapp', 'sms'],
  });
});

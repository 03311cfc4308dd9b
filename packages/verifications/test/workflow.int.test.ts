import { stepInTheWay, type WorkflowStep } from '@watchword/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Harness, LEASE_MS, NO_PACING, type Opened, opened, openInput, startHarness } from './harness.ts';
import { WHATSAPP_SMS, workflowsOn } from './workflows.fixture.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const { claim, deliveryOf, drain, dueOf, holdsCode, start, storyOf } = workflowsOn(() => harness);

describe('a workflow begins with its first step', () => {
  test('and nothing else is sent while that may still do', async () => {
    const sent = await start();
    expect(sent.deliveries).toEqual([{ id: sent.deliveryId, channel: 'whatsapp' }]);
    expect(await claim(sent)).toMatchObject({ channel: 'whatsapp', destination: sent.destination });
    expect(await storyOf(sent)).toBe('whatsapp sending');
    expect(await harness.dataOf(sent, 'delivery.queued')).toEqual([
      { delivery: sent.deliveryId, channel: 'whatsapp', send: 1 },
    ]);
  });

  test('which is all there is to one of one step', async () => {
    const sent = await start([{ channel: 'voice', timeout_s: 5 }]);
    harness.travel(60_000);
    expect(await drain(sent)).toEqual(['voice 1']);
    await harness.settle(await claim(sent), 'transient');
    expect(await storyOf(sent)).toBe('voice failed');
  });
});

describe('the next step begins at once, with the same code', () => {
  const failures = {
    'its delivery failed': async (sent: Opened) => harness.settle(await claim(sent), 'transient'),
    'nobody knows what its providers did, and the policy sends again': async (sent: Opened) =>
      harness.settle(await claim(sent), 'unknown'),
    'a receipt says that it was not delivered': async (sent: Opened) => {
      const claimed = await claim(sent);
      await harness.settle(claimed, 'accepted');
      await harness.receive(claimed, 'undelivered');
    },
    'a receipt that says so was parked': async (sent: Opened) => {
      const claimed = await claim(sent);
      await harness.receive(claimed, 'undelivered');
      await harness.settle(claimed, 'accepted');
    },
  };

  test.each(Object.entries(failures))('when %s', async (_, fail) => {
    const sent = await start();
    const { code } = await claim(sent);
    harness.travel(LEASE_MS + 1);
    await fail(sent);
    const [first = '', second] = (await storyOf(sent)).split(', ');
    expect(first).toMatch(/^whatsapp (failed|unknown|undelivered)$/);
    expect(second).toBe('sms queued');
    expect((await harness.dataOf(sent, 'delivery.queued'))[1]).toEqual({
      delivery: deliveryOf(sent, 2),
      channel: 'sms',
      send: 1,
      reason: 'failed',
    });
    expect(await drain(sent)).toEqual(['sms 2']);
    const next = await claim(sent, 2);
    expect(next).toMatchObject({ channel: 'sms', code, destination: sent.destination, hasNextStep: false });
    expect((await harness.read(sent)).undeliverable).toBe(false);
    expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'approved' });
  });

  test('through all the steps, and each channel’s messages go to its own address', async () => {
    const addresses = { phone: openInput().destination, email: 'steps@example.com', device_token: 'd'.repeat(20) };
    const channels = ['push', 'email', 'whatsapp', 'sms', 'voice'] as const;
    const plan = { kind: 'in_turn', steps: channels.map((channel) => ({ channel, timeout_s: 20 })) } as const;
    const sent = await harness.open({ addresses, plan });
    const to: string[] = [];
    for (const [index, channel] of channels.entries()) {
      const claimed = await claim(sent, index + 1);
      expect(claimed.channel).toBe(channel);
      to.push(claimed.destination);
      await harness.settle(claimed, 'transient');
    }
    const { phone, email, device_token } = addresses;
    expect(to).toEqual([device_token, email, phone, phone, phone]);
    expect(await harness.read(sent)).toMatchObject({ undeliverable: true });
  });
});

describe('the next step begins after the time-out', () => {
  const waits = {
    'its delivery was never taken up': async () => {},
    'its delivery is being sent': async (sent: Opened) => {
      harness.travel(28_000);
      await claim(sent);
      harness.travel(-28_000);
    },
    'its delivery waits for another attempt': async (sent: Opened) =>
      harness.settle(await claim(sent), 'transient', { next: { kind: 'later', delayMs: 200_000 } }),
    'no receipt came': async (sent: Opened) => harness.settle(await claim(sent), 'accepted'),
    'a receipt says no more than that it was sent': async (sent: Opened) => {
      const claimed = await claim(sent);
      await harness.settle(claimed, 'accepted');
      await harness.receive(claimed, 'sent');
    },
  };

  test.each(Object.entries(waits))('when %s', async (_, wait) => {
    const sent = await start();
    await wait(sent);
    const story = await storyOf(sent);
    harness.travel(25_000);
    await drain(sent);
    expect(await storyOf(sent)).toBe(story);
    harness.travel(5_001);
    expect(await drain(sent)).toContain('sms 2');
    expect(await storyOf(sent)).toBe(`${story}, sms queued`);
    expect((await harness.dataOf(sent, 'delivery.queued')).at(-1)).toMatchObject({
      channel: 'sms',
      send: 1,
      reason: 'timeout',
    });
    // The due set hands it over once, and then looks after it as after any other, however old its code is: of what was lost on
    // its way to the queue every look may be the first.
    for (const waitMs of [2_501, 4_000]) {
      expect(await drain(sent)).toEqual([]);
      harness.travel(waitMs);
      expect(await drain(sent)).toContain('sms 2');
    }
  });

  test('but that of the last step leads nowhere, and nobody waits for it', async () => {
    const sent = await start([{ channel: 'whatsapp' }, { channel: 'sms', timeout_s: 30 }]);
    await harness.settle(await claim(sent), 'transient');
    await harness.settle(await claim(sent, 2), 'accepted');
    expect(await dueOf(sent)).toEqual(['x']);
  });

  test('which counts anew for each step', async () => {
    const sent = await start([
      { channel: 'whatsapp', timeout_s: 30 },
      { channel: 'sms', timeout_s: 40 },
      { channel: 'voice' },
    ]);
    await harness.settle(await claim(sent), 'accepted');
    harness.travel(30_001);
    await drain(sent);
    await harness.settle(await claim(sent, 2), 'accepted');
    harness.travel(35_000);
    expect(await drain(sent)).toEqual([]);
    harness.travel(5_001);
    expect(await drain(sent)).toEqual(['voice 3']);
    await harness.settle(await claim(sent, 3), 'accepted');
    expect(await dueOf(sent)).toEqual(['x']);
  });

  test('and only then when the policy waits on an unknown outcome, unless a receipt says more', async () => {
    for (const word of ['nothing', 'undelivered', 'delivered'] as const) {
      const sent = await start(WHATSAPP_SMS, { onUnknown: 'wait' });
      const claimed = await claim(sent);
      expect(claimed.onUnknown).toBe('wait');
      await harness.settle(claimed, 'unknown');
      expect(await storyOf(sent)).toBe('whatsapp unknown');
      if (word === 'nothing') harness.travel(30_001);
      else await harness.receive(claimed, word);
      await drain(sent);
      const told = word === 'nothing' ? 'unknown' : word;
      expect(await storyOf(sent)).toBe(`whatsapp ${told}${word === 'delivered' ? '' : ', sms queued'}`);
    }
  });
});

describe('no further step begins', () => {
  const ends = {
    'a provider that sends no receipts took the message': async (sent: Opened) =>
      harness.settle(await claim(sent), 'accepted', { expectsReceipt: false }),
    'the message was delivered': async (sent: Opened) => {
      const claimed = await claim(sent);
      await harness.settle(claimed, 'accepted');
      await harness.receive(claimed, 'delivered');
    },
    'the message was read, as a parked receipt says': async (sent: Opened) => {
      const claimed = await claim(sent);
      await harness.receive(claimed, 'read');
      await harness.settle(claimed, 'unknown');
    },
    'the code was approved': async (sent: Opened) => {
      const { code } = await claim(sent);
      expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'approved' });
    },
    'the verification was canceled': async (sent: Opened) => {
      await harness.settle(await claim(sent), 'accepted');
      await harness.verifications.cancel(sent.id, harness.call());
    },
  };

  test.each(Object.entries(ends))('once %s, and the sealed code is gone', async (_, end) => {
    const sent = await start();
    expect(await holdsCode(sent)).toBe(true);
    await end(sent);
    expect(await holdsCode(sent)).toBe(false);
    const entries = await dueOf(sent);
    expect(entries).not.toContain('w');
    harness.travel(30_001);
    await drain(sent);
    expect((await harness.read(sent)).deliveries).toHaveLength(1);
  });

  test('without a time-out, unless a receipt says that the message was not delivered', async () => {
    const sent = await start([{ channel: 'whatsapp' }, { channel: 'sms' }]);
    const claimed = await claim(sent);
    await harness.settle(claimed, 'accepted');
    harness.travel(250_000);
    expect(await drain(sent)).toEqual([]);
    expect(await storyOf(sent)).toBe('whatsapp accepted');
    expect(await holdsCode(sent)).toBe(true);
    await harness.receive(claimed, 'undelivered');
    expect(await storyOf(sent)).toBe('whatsapp undelivered, sms queued');
  });

  test.each([
    ['after a failure', 280_001, async (sent: Opened) => harness.settle(await claim(sent), 'transient')],
    ['after a time-out', 280_001, async () => {}],
  ])('with less than 20 s of the code’s life left, %s', async (_, ageMs, end) => {
    const sent = await start([{ channel: 'whatsapp', timeout_s: 270 }, { channel: 'sms' }]);
    const early = await start([{ channel: 'whatsapp', timeout_s: 270 }, { channel: 'sms' }]);
    const [late, inTime] = [await claim(sent), await claim(early)];
    harness.travel(270_001);
    await harness.settle(inTime, 'transient');
    expect(await storyOf(early)).toBe('whatsapp failed, sms queued');
    harness.travel(ageMs - 270_001);
    if (end.length > 0) await harness.settle(late, 'transient');
    await drain(sent);
    expect((await harness.read(sent)).deliveries).toHaveLength(1);
    expect(await dueOf(sent)).not.toContain('w');
  });
});

test.each([300, 60, 30])(
  'of a code of %i s the longest time-out that may be asked for leaves the next step its time',
  async (ttl) => {
    const rules = { on_unknown: 'resend', code_ttl_seconds: ttl } as const;
    const steps = (timeout_s: number): readonly WorkflowStep[] => [
      { channel: 'whatsapp', timeout_s },
      { channel: 'sms' },
    ];
    const timeouts = Array.from({ length: ttl }, (_, at) => ttl - at);
    const longest = timeouts.find((timeout) => stepInTheWay(steps(timeout), rules) === undefined) ?? 0;
    const sent = await start(steps(longest), { codeTtlMs: ttl * 1_000 });
    // The due set is drained twice a second, and then a worker takes it up.
    harness.travel(longest * 1_000 + 1_500);
    expect(await drain(sent)).toContain('sms 2');
    harness.travel(2_000);
    expect(await claim(sent, 2)).toMatchObject({ channel: 'sms' });
  },
);

test('the last step leaves no sealed code behind, unless an earlier one still waits to send it', async () => {
  for (const waits of [false, true]) {
    const sent = await start();
    const first = await claim(sent);
    if (waits) await harness.settle(first, 'transient', { next: { kind: 'later', delayMs: 60_000 } });
    else await harness.settle(first, 'accepted');
    harness.travel(30_001);
    await drain(sent);
    expect(await holdsCode(sent)).toBe(true);
    await harness.settle(await claim(sent, 2), 'accepted');
    expect(await holdsCode(sent)).toBe(waits);
  }
});

test('a step that failed after its time-out changes nothing: the one after it runs already', async () => {
  const sent = await start([...WHATSAPP_SMS.slice(0, 1), { channel: 'sms', timeout_s: 30 }, { channel: 'voice' }]);
  harness.travel(26_000);
  const claimed = await claim(sent);
  harness.travel(4_001);
  await drain(sent);
  await harness.settle(claimed, 'transient');
  expect(await storyOf(sent)).toBe('whatsapp failed, sms queued');
});

describe('a claim says whether another step follows, should its delivery fail', () => {
  test('of the step that runs', async () => {
    const sent = await start([{ channel: 'whatsapp', timeout_s: 5 }, { channel: 'sms' }, { channel: 'voice' }]);
    const first = await claim(sent);
    expect(first.hasNextStep).toBe(true);
    await harness.settle(first, 'transient', { next: { kind: 'later', delayMs: 0 } });
    harness.travel(5_001);
    await drain(sent);
    // The next one runs already.
    expect(await claim(sent)).toMatchObject({ channel: 'whatsapp', hasNextStep: false });
    const second = await claim(sent, 2);
    expect(second).toMatchObject({ channel: 'sms', hasNextStep: true });
    await harness.settle(second, 'transient');
    expect(await claim(sent, 3)).toMatchObject({ channel: 'voice', hasNextStep: false });
  });

  test('never of channels at once', async () => {
    const sent = await harness.open({ plan: { kind: 'at_once', channels: ['sms', 'whatsapp'] } });
    expect([await claim(sent), await claim(sent, 2)]).toMatchObject([{ hasNextStep: false }, { hasNextStep: false }]);
  });

  test('and not once a resend has taken the place of its workflow', async () => {
    const sent = await start();
    opened(await harness.verifications.resend(sent.id, 'voice', NO_PACING, harness.call()));
    expect(await claim(sent)).toMatchObject({ channel: 'whatsapp', hasNextStep: false });
  });
});

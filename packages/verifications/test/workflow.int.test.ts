import type { Channel, WorkflowStep } from '@watchword/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CodePolicy } from '../src/code-policy.ts';
import type { Claimed, Next } from '../src/deliveries.ts';
import { createReceipts, type Receipts } from '../src/receipts.ts';
import { type Harness, type Opened, opened, openInput, policy, startHarness, wrongCode } from './harness.ts';

let harness: Harness;
let receipts: Receipts;
beforeAll(async () => {
  harness = await startHarness();
  receipts = createReceipts({ redis: harness.redis, clock: harness.clock, idKey: harness.keys.idKey });
});
afterAll(() => harness.close());

const LEASE_MS = 7_000;
const WHATSAPP_SMS: readonly WorkflowStep[] = [{ channel: 'whatsapp', timeout_s: 30 }, { channel: 'sms' }];

const start = (steps = WHATSAPP_SMS, withPolicy: Partial<CodePolicy> = {}) =>
  harness.open({ plan: { kind: 'in_turn', steps } }, { pacingSeconds: [0], ...withPolicy });
const deliveryOf = (sent: Opened, ordinal: number) => sent.deliveryId.replace(/1$/, String(ordinal));
const read = async ({ id }: Opened) => {
  const state = await harness.verifications.read(id, harness.owner);
  if (state === null) throw new Error('forgotten');
  return state;
};
/** `whatsapp accepted, sms queued` */
const storyOf = async (sent: Opened) =>
  (await read(sent)).deliveries.map(({ channel, status }) => `${channel} ${status}`).join(', ');
const dataOf = async ({ id }: Opened, type: string) =>
  (await harness.timelineOf(id)).flatMap((event) => (event.type === type ? [event.data] : []));
/** What the due set hands over of this verification. */
const drain = async ({ id }: Opened) =>
  (await harness.drain()).flatMap((due) =>
    due.action === 'enqueue' && due.deliveryId.includes(id.slice('ver_'.length))
      ? [`${due.channel} ${due.deliveryId.split('-')[1]}`]
      : [],
  );

async function claim(sent: Opened, ordinal = 1): Promise<Claimed> {
  const claimed = await harness.deliveries.claim(deliveryOf(sent, ordinal), LEASE_MS);
  if (claimed.result !== 'claimed') throw new Error(`not claimed: ${claimed.result}`);
  return claimed;
}

const settle = (
  { attempt }: Claimed,
  outcome: 'accepted' | 'unknown' | 'transient',
  { expectsReceipt = true, next }: { expectsReceipt?: boolean; next?: Next } = {},
) =>
  harness.deliveries.settle(attempt, {
    provider: 'twilio',
    countsAsCall: true,
    outcome,
    expectsReceipt,
    next: next ?? { kind: 'end', status: outcome === 'transient' ? 'failed' : outcome },
  });
const receive = ({ attempt }: Claimed, status: 'undelivered' | 'delivered' | 'read' | 'sent') =>
  receipts.receive({ attemptId: attempt.id, provider: 'twilio', mode: 'test', status });

const keyOf = async ({ id }: Opened) => {
  for (let shard = 0; shard < 64; shard += 1) {
    const key = `ww:{${String(shard).padStart(2, '0')}}:v:${id.slice('ver_'.length)}`;
    if ((await harness.redis.exists(key)) === 1) return key;
  }
  throw new Error('forgotten');
};
const holdsCode = async (sent: Opened) => (await harness.redis.hexists(await keyOf(sent), 'c1')) === 1;
/** Entries of the due set that are about this verification. */
const dueOf = async (sent: Opened) => {
  const key = (await keyOf(sent)).replace(/v:.*$/, 'due');
  const entries = await harness.redis.zrange(key, '0', '-1');
  return entries.filter((entry) => entry.includes(sent.id.slice('ver_'.length))).map((entry) => entry.slice(0, 1));
};

describe('a workflow begins with its first step', () => {
  test('and nothing else is sent while that may still do', async () => {
    const sent = await start();
    expect(sent.deliveries).toEqual([{ id: sent.deliveryId, channel: 'whatsapp' }]);
    expect(await claim(sent)).toMatchObject({ channel: 'whatsapp', destination: sent.destination });
    expect(await storyOf(sent)).toBe('whatsapp sending');
    expect(await dataOf(sent, 'delivery.queued')).toEqual([
      { delivery: sent.deliveryId, channel: 'whatsapp', send: 1 },
    ]);
  });

  test('which is all there is to one of one step', async () => {
    const sent = await start([{ channel: 'voice', timeout_s: 5 }]);
    harness.travel(60_000);
    expect(await drain(sent)).toEqual(['voice 1']);
    await settle(await claim(sent), 'transient');
    expect(await storyOf(sent)).toBe('voice failed');
  });
});

describe('the next step begins at once, with the same code', () => {
  const failures = {
    'its delivery failed': async (sent: Opened) => settle(await claim(sent), 'transient'),
    'nobody knows what its providers did, and the policy sends again': async (sent: Opened) =>
      settle(await claim(sent), 'unknown'),
    'a receipt says that it was not delivered': async (sent: Opened) => {
      const claimed = await claim(sent);
      await settle(claimed, 'accepted');
      await receive(claimed, 'undelivered');
    },
    'a receipt that says so was parked': async (sent: Opened) => {
      const claimed = await claim(sent);
      await receive(claimed, 'undelivered');
      await settle(claimed, 'accepted');
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
    expect((await dataOf(sent, 'delivery.queued'))[1]).toEqual({
      delivery: deliveryOf(sent, 2),
      channel: 'sms',
      send: 1,
      reason: 'failed',
    });
    expect(await drain(sent)).toEqual(['sms 2']);
    const next = await claim(sent, 2);
    expect(next).toMatchObject({ channel: 'sms', code, destination: sent.destination, hasNextStep: false });
    expect((await read(sent)).undeliverable).toBe(false);
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
      await settle(claimed, 'transient');
    }
    const { phone, email, device_token } = addresses;
    expect(to).toEqual([device_token, email, phone, phone, phone]);
    expect(await read(sent)).toMatchObject({ undeliverable: true });
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
      settle(await claim(sent), 'transient', { next: { kind: 'later', delayMs: 200_000 } }),
    'no receipt came': async (sent: Opened) => settle(await claim(sent), 'accepted'),
    'a receipt says no more than that it was sent': async (sent: Opened) => {
      const claimed = await claim(sent);
      await settle(claimed, 'accepted');
      await receive(claimed, 'sent');
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
    expect((await dataOf(sent, 'delivery.queued')).at(-1)).toMatchObject({
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
    await settle(await claim(sent), 'transient');
    await settle(await claim(sent, 2), 'accepted');
    expect(await dueOf(sent)).toEqual(['x']);
  });

  test('which counts anew for each step', async () => {
    const sent = await start([
      { channel: 'whatsapp', timeout_s: 30 },
      { channel: 'sms', timeout_s: 40 },
      { channel: 'voice' },
    ]);
    await settle(await claim(sent), 'accepted');
    harness.travel(30_001);
    await drain(sent);
    await settle(await claim(sent, 2), 'accepted');
    harness.travel(35_000);
    expect(await drain(sent)).toEqual([]);
    harness.travel(5_001);
    expect(await drain(sent)).toEqual(['voice 3']);
    await settle(await claim(sent, 3), 'accepted');
    expect(await dueOf(sent)).toEqual(['x']);
  });

  test('and only then when the policy waits on an unknown outcome, unless a receipt says more', async () => {
    for (const word of ['nothing', 'undelivered', 'delivered'] as const) {
      const sent = await start(WHATSAPP_SMS, { onUnknown: 'wait' });
      const claimed = await claim(sent);
      expect(claimed.onUnknown).toBe('wait');
      await settle(claimed, 'unknown');
      expect(await storyOf(sent)).toBe('whatsapp unknown');
      if (word === 'nothing') harness.travel(30_001);
      else await receive(claimed, word);
      await drain(sent);
      const told = word === 'nothing' ? 'unknown' : word;
      expect(await storyOf(sent)).toBe(`whatsapp ${told}${word === 'delivered' ? '' : ', sms queued'}`);
    }
  });
});

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
    expect((await dataOf(sent, 'attempt.settled'))[0]).toMatchObject({
      outcome: 'unknown',
      provider_code: 'lease_ended',
    });
    expect(await dataOf(sent, 'delivery.ended')).toEqual([{ delivery: sent.deliveryId, status: 'unknown' }]);
    expect(attempt.ordinal).toBe(1);
    harness.travel(30_000 - LEASE_MS);
    expect(await drain(sent)).toEqual(['sms 2']);
  });

  test('and a receipt says what became of its message', async () => {
    for (const [word, story] of [
      ['undelivered', 'whatsapp undelivered, sms queued'],
      ['delivered', 'whatsapp delivered'],
    ] as const) {
      const sent = await begin();
      const claimed = await claim(sent);
      harness.travel(LEASE_MS + 1);
      await drain(sent);
      await receive(claimed, word);
      expect(await storyOf(sent)).toBe(story);
    }
  });

  test('and one that came before has said it already', async () => {
    const sent = await begin();
    const claimed = await claim(sent);
    await receive(claimed, 'sent');
    harness.travel(LEASE_MS + 1);
    await drain(sent);
    expect(await storyOf(sent)).toBe('whatsapp accepted');
  });
});

describe('no further step begins', () => {
  const ends = {
    'a provider that sends no receipts took the message': async (sent: Opened) =>
      settle(await claim(sent), 'accepted', { expectsReceipt: false }),
    'the message was delivered': async (sent: Opened) => {
      const claimed = await claim(sent);
      await settle(claimed, 'accepted');
      await receive(claimed, 'delivered');
    },
    'the message was read, as a parked receipt says': async (sent: Opened) => {
      const claimed = await claim(sent);
      await receive(claimed, 'read');
      await settle(claimed, 'unknown');
    },
    'the code was approved': async (sent: Opened) => {
      const { code } = await claim(sent);
      expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'approved' });
    },
    'the verification was canceled': async (sent: Opened) => {
      await settle(await claim(sent), 'accepted');
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
    expect((await read(sent)).deliveries).toHaveLength(1);
  });

  test('without a time-out, unless a receipt says that the message was not delivered', async () => {
    const sent = await start([{ channel: 'whatsapp' }, { channel: 'sms' }]);
    const claimed = await claim(sent);
    await settle(claimed, 'accepted');
    harness.travel(250_000);
    expect(await drain(sent)).toEqual([]);
    expect(await storyOf(sent)).toBe('whatsapp accepted');
    expect(await holdsCode(sent)).toBe(true);
    await receive(claimed, 'undelivered');
    expect(await storyOf(sent)).toBe('whatsapp undelivered, sms queued');
  });

  test.each([
    ['after a failure', 280_001, async (sent: Opened) => settle(await claim(sent), 'transient')],
    ['after a time-out', 280_001, async () => {}],
  ])('with less than 20 s of the code’s life left, %s', async (_, ageMs, end) => {
    const sent = await start([{ channel: 'whatsapp', timeout_s: 270 }, { channel: 'sms' }]);
    const early = await start([{ channel: 'whatsapp', timeout_s: 270 }, { channel: 'sms' }]);
    const [late, inTime] = [await claim(sent), await claim(early)];
    harness.travel(270_001);
    await settle(inTime, 'transient');
    expect(await storyOf(early)).toBe('whatsapp failed, sms queued');
    harness.travel(ageMs - 270_001);
    if (end.length > 0) await settle(late, 'transient');
    await drain(sent);
    expect((await read(sent)).deliveries).toHaveLength(1);
    expect(await dueOf(sent)).not.toContain('w');
  });
});

test('a message of an earlier step that arrives ends the workflow, and what waits for its turn is skipped', async () => {
  const sent = await start([
    { channel: 'whatsapp', timeout_s: 30 },
    { channel: 'sms', timeout_s: 30 },
    { channel: 'voice' },
  ]);
  const claimed = await claim(sent);
  await settle(claimed, 'accepted');
  harness.travel(30_001);
  expect(await drain(sent)).toEqual(['sms 2']);
  await receive(claimed, 'delivered');
  expect(await storyOf(sent)).toBe('whatsapp delivered, sms skipped');
  expect(await harness.deliveries.claim(deliveryOf(sent, 2), LEASE_MS)).toEqual({ result: 'ended' });
  expect((await dataOf(sent, 'delivery.ended')).at(-1)).toEqual({ delivery: deliveryOf(sent, 2), status: 'skipped' });
  expect(await holdsCode(sent)).toBe(false);
  expect(await dueOf(sent)).toEqual(['x']);
});

describe('the due set looks again within 5 s after what was lost on its way to the queue', () => {
  const waits = {
    'a step that began since the one before failed': async (sent: Opened) => {
      harness.travel(40_000);
      await settle(await claim(sent), 'transient');
    },
    'a delivery that waited for another attempt': async (sent: Opened) => {
      harness.travel(40_000);
      const next = { kind: 'later', delayMs: 0 } as const;
      await settle(await claim(sent), 'transient', { next });
    },
    'one whose lease has ended': async (sent: Opened) => {
      harness.travel(40_000);
      await claim(sent);
      harness.travel(LEASE_MS + 1);
    },
  };

  test.each(Object.entries(waits))('%s', async (_, wait) => {
    const sent = await start([{ channel: 'whatsapp' }, { channel: 'sms' }]);
    await wait(sent);
    const entry = await drain(sent);
    expect(entry).toHaveLength(1);
    harness.travel(2_501);
    expect(await drain(sent)).toEqual(entry);
    harness.travel(10_000);
    expect(await drain(sent)).toEqual(entry);
    // The longer it waits there, the longer until the next look: a queue may be long.
    harness.travel(5_000);
    expect(await drain(sent)).toEqual([]);
  });
});

describe('a claim says whether another step follows, should its delivery fail', () => {
  test('of the step that runs', async () => {
    const sent = await start([{ channel: 'whatsapp', timeout_s: 5 }, { channel: 'sms' }, { channel: 'voice' }]);
    const first = await claim(sent);
    expect(first.hasNextStep).toBe(true);
    await settle(first, 'transient', { next: { kind: 'later', delayMs: 0 } });
    harness.travel(5_001);
    await drain(sent);
    // The next one runs already.
    expect(await claim(sent)).toMatchObject({ channel: 'whatsapp', hasNextStep: false });
    const second = await claim(sent, 2);
    expect(second).toMatchObject({ channel: 'sms', hasNextStep: true });
    await settle(second, 'transient');
    expect(await claim(sent, 3)).toMatchObject({ channel: 'voice', hasNextStep: false });
  });

  test('never of channels at once', async () => {
    const sent = await harness.open({ plan: { kind: 'at_once', channels: ['sms', 'whatsapp'] } });
    expect([await claim(sent), await claim(sent, 2)]).toMatchObject([{ hasNextStep: false }, { hasNextStep: false }]);
  });

  test('and not once a resend has taken the place of its workflow', async () => {
    const sent = await start();
    opened(await harness.verifications.resend(sent.id, 'voice', { ...policy, pacingSeconds: [0] }, harness.call()));
    expect(await claim(sent)).toMatchObject({ channel: 'whatsapp', hasNextStep: false });
  });
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
    await settle(first, 'accepted');
    harness.travel(30_001);
    await drain(sent);
    const second = await claim(sent, 2);
    await receive(first, 'delivered');
    expect(await holdsCode(sent)).toBe(false);
    await settle(second, 'transient', { next });
    expect(await storyOf(sent)).toBe('whatsapp delivered, sms skipped');
    expect(await harness.deliveries.claim(deliveryOf(sent, 2), LEASE_MS)).toEqual({ result: 'ended' });
    expect(await dueOf(sent)).toEqual(['x']);
    expect(await read(sent)).toMatchObject({ undeliverable: false });
  });

  test('nor is one whose worker died', async () => {
    const sent = await start(THREE);
    const first = await claim(sent);
    await settle(first, 'accepted');
    harness.travel(30_001);
    await drain(sent);
    await claim(sent, 2);
    await receive(first, 'read');
    harness.travel(LEASE_MS + 1);
    await drain(sent);
    expect(await harness.deliveries.claim(deliveryOf(sent, 2), LEASE_MS)).toEqual({ result: 'ended' });
    expect(await storyOf(sent)).toBe('whatsapp read, sms skipped');
  });

  test('an earlier step that still waits for another attempt is skipped', async () => {
    const sent = await start(THREE);
    await settle(await claim(sent), 'transient', { next: { kind: 'later', delayMs: 60_000 } });
    harness.travel(30_001);
    await drain(sent);
    const second = await claim(sent, 2);
    await settle(second, 'accepted');
    await receive(second, 'delivered');
    expect(await storyOf(sent)).toBe('whatsapp skipped, sms delivered');
    expect(await dueOf(sent)).toEqual(['x']);
  });

  test('the workflow of a later send, whose code is another one, goes on', async () => {
    const sent = await start();
    const first = await claim(sent);
    await settle(first, 'accepted');
    await harness.verifications.resend(sent.id, undefined, { ...policy, pacingSeconds: [0] }, harness.call());
    await receive(first, 'delivered');
    expect(await storyOf(sent)).toBe('whatsapp delivered, whatsapp queued');
    await settle(await claim(sent, 2), 'transient');
    expect(await storyOf(sent)).toBe('whatsapp delivered, whatsapp failed, sms queued');
  });
});

test('a step that failed after its time-out changes nothing: the one after it runs already', async () => {
  const sent = await start([...WHATSAPP_SMS.slice(0, 1), { channel: 'sms', timeout_s: 30 }, { channel: 'voice' }]);
  harness.travel(26_000);
  const claimed = await claim(sent);
  harness.travel(4_001);
  await drain(sent);
  await settle(claimed, 'transient');
  expect(await storyOf(sent)).toBe('whatsapp failed, sms queued');
});

describe('a verification is undeliverable', () => {
  test('once its last step has failed, and says so once, with all the channels', async () => {
    const sent = await start();
    await settle(await claim(sent), 'transient');
    expect(await read(sent)).toMatchObject({ undeliverable: false });
    const second = await claim(sent, 2);
    await settle(second, 'accepted');
    await receive(second, 'undelivered');
    expect(await read(sent)).toMatchObject({ undeliverable: true, status: 'pending' });
    expect(await dataOf(sent, 'verification.undeliverable')).toEqual([{ channels: 'whatsapp,sms' }]);
    const types = (await harness.timelineOf(sent.id)).map(({ type }) => type);
    expect(types.at(-1)).toBe('verification.undeliverable');
    // Proof that one was taken after all clears it.
    await receive(second, 'delivered');
    expect(await read(sent)).toMatchObject({ undeliverable: false });
  });

  test('not while a message of any step may still arrive', async () => {
    const sent = await start();
    await settle(await claim(sent), 'unknown');
    await settle(await claim(sent, 2), 'transient');
    expect(await storyOf(sent)).toBe('whatsapp unknown, sms failed');
    expect(await read(sent)).toMatchObject({ undeliverable: false });
    expect(await dataOf(sent, 'verification.undeliverable')).toEqual([]);
  });

  test('when nobody sent anything in the life of its code', async () => {
    const sent = await start([{ channel: 'whatsapp', timeout_s: 60 }, { channel: 'sms' }]);
    harness.travel(60_001);
    await drain(sent);
    harness.travel(300_000);
    await drain(sent);
    expect(await storyOf(sent)).toBe('whatsapp expired_unsent, sms expired_unsent');
    expect(await dataOf(sent, 'verification.undeliverable')).toHaveLength(1);
    expect(await read(sent)).toMatchObject({ undeliverable: true, status: 'expired' });
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
      expect(await read(sent)).toMatchObject({ status });
      await settle(claimed, 'transient');
      expect(await storyOf(sent)).toBe('sms failed');
      expect(await dataOf(sent, 'verification.undeliverable')).toHaveLength(status === 'expired' ? 1 : 0);
      expect(await read(sent)).toMatchObject({ undeliverable: status === 'expired' });
    }
  });

  test('not for what a receipt says after its approval', async () => {
    const sent = await harness.open();
    const claimed = await claim(sent);
    await settle(claimed, 'accepted');
    await harness.judge(sent.id, claimed.code);
    await receive(claimed, 'undelivered');
    expect(await read(sent)).toMatchObject({ undeliverable: false, deliveries: [{ status: 'undelivered' }] });
  });
});

describe('a resend replaces the workflow that runs', () => {
  const again = async (sent: Opened, channel?: Channel) =>
    opened(await harness.verifications.resend(sent.id, channel, { ...policy, pacingSeconds: [0] }, harness.call()));

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
    await settle(claimed, 'transient');
    expect(await storyOf(sent)).toBe('whatsapp failed, voice failed');
    expect(await dataOf(sent, 'verification.undeliverable')).toEqual([{ channels: 'voice' }]);
    expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'approved' });
  });

  test('and erases the code that only a later step of it was to send', async () => {
    const sent = await start();
    await settle(await claim(sent), 'accepted');
    expect(await holdsCode(sent)).toBe(true);
    await again(sent, 'voice');
    expect(await holdsCode(sent)).toBe(false);
  });

  test('as it was opened: from the first step on, with a new code for all of them', async () => {
    const sent = await start();
    const first = await claim(sent);
    await settle(first, 'transient');
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
      await settle(claimed, 'transient');
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
    await settle(first, 'transient');
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
  await settle(await claim(sent, 2), 'transient');
  expect(await storyOf(sent)).toBe('sms queued, whatsapp failed, sms queued');
  const third = await harness.verifications.resend(sent.id, undefined, policy, harness.call());
  expect(third).toMatchObject({ deliveries: [{ channel: 'whatsapp' }] });
  expect(await harness.verifications.recipientOf(sent.id, harness.owner)).toMatchObject({
    channels: ['whatsapp', 'sms'],
  });
});

import type { ReceiptStatus } from '@watchword/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Claimed, Next } from '../src/deliveries.ts';
import type { Receipt } from '../src/receipts.ts';
import { type Harness, LEASE_MS, type Opened, policy, startHarness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const claim = ({ deliveryId }: Opened) => harness.claim(deliveryId);
const settle = (claimed: Claimed, outcome: 'accepted' | 'unknown' | 'transient', next?: Next) =>
  harness.settle(claimed, outcome, next && { next });

/** Opened and settled as accepted. */
async function accepted(): Promise<{ sent: Opened; attemptId: string }> {
  const sent = await harness.open();
  const claimed = await claim(sent);
  await settle(claimed, 'accepted');
  return { sent, attemptId: claimed.attempt.id };
}

const receive = (attemptId: string, status: ReceiptStatus, more?: Partial<Receipt>) =>
  harness.receive({ attempt: { id: attemptId } }, status, more);
const statusOf = async (sent: Opened) => (await harness.read(sent)).deliveries.map(({ status }) => status).join();

/** All that Redis holds of a verification: its hash, and its shard's stream and due set. */
async function wholeState(sent: Opened) {
  const keys = harness.keysOf(sent);
  return {
    hash: await harness.redis.hgetallBuffer(keys.verification),
    lifeMs: Math.ceil((await harness.redis.pttl(keys.verification)) / 60_000),
    events: await harness.redis.xrange(keys.events, '-', '+'),
    due: await harness.redis.zrangebyscore(keys.due, '-inf', '+inf', 'WITHSCORES'),
  };
}

describe('a delivery that was accepted', () => {
  test.each(['delivered', 'read', 'undelivered'] as const)(
    'becomes %s, with the provider in its event',
    async (status) => {
      const { sent, attemptId } = await accepted();
      expect(await receive(attemptId, status, status === 'undelivered' ? { providerCode: '30003' } : {})).toBe(
        'applied',
      );
      expect(await statusOf(sent)).toBe(status);
      expect(await harness.dataOf(sent, 'receipt.received')).toEqual([
        {
          delivery: sent.deliveryId,
          attempt: 1,
          provider: 'twilio',
          status,
          delivery_status: status,
          ...(status === 'undelivered' ? { provider_code: '30003' } : {}),
        },
      ]);
      expect(await harness.dataOf(sent, 'delivery.ended')).toEqual([{ delivery: sent.deliveryId, status: 'accepted' }]);
    },
  );

  test('is told that it was sent by an event alone', async () => {
    const { sent, attemptId } = await accepted();
    expect(await receive(attemptId, 'sent')).toBe('applied');
    expect(await statusOf(sent)).toBe('accepted');
    expect(await harness.dataOf(sent, 'receipt.received')).toEqual([
      { delivery: sent.deliveryId, attempt: 1, provider: 'twilio', status: 'sent' },
    ]);
  });

  test('is undeliverable once undelivered, until a receipt says otherwise: delivered wins whenever it comes', async () => {
    const { sent, attemptId } = await accepted();
    await receive(attemptId, 'undelivered');
    expect(await harness.read(sent)).toMatchObject({ undeliverable: true });
    await receive(attemptId, 'delivered');
    expect(await harness.read(sent)).toMatchObject({ undeliverable: false, deliveries: [{ status: 'delivered' }] });
    expect(await receive(attemptId, 'undelivered')).toBe('late');
    expect(await statusOf(sent)).toBe('delivered');
  });

  test('says nothing of a later message: an earlier one that was undelivered leaves that deliverable', async () => {
    const { sent, attemptId } = await accepted();
    harness.travel(60_001);
    await harness.verifications.resend(sent.id, 'sms', policy, harness.call());
    await receive(attemptId, 'undelivered');
    expect(await harness.read(sent)).toMatchObject({
      undeliverable: false,
      deliveries: [{ status: 'undelivered' }, { status: 'queued' }],
    });
  });
});

describe('late and duplicate receipts', () => {
  test.each([
    ['delivered', 'delivered', 'duplicate'],
    ['delivered', 'sent', 'late'],
    ['delivered', 'accepted', 'late'],
    ['delivered', 'undelivered', 'late'],
    ['read', 'delivered', 'late'],
    ['undelivered', 'undelivered', 'duplicate'],
    ['undelivered', 'sent', 'late'],
    ['sent', 'sent', 'duplicate'],
  ] as const)(
    'never move a status backwards: after %s, %s is %s and changes nothing',
    async (first, second, result) => {
      const { sent, attemptId } = await accepted();
      await receive(attemptId, first);
      const before = await wholeState(sent);
      for (let count = 0; count < 3; count += 1) expect(await receive(attemptId, second)).toBe(result);
      expect(await wholeState(sent)).toEqual(before);
    },
  );

  test('leave at most one event for each word, however often the whole story is told again', async () => {
    const { sent, attemptId } = await accepted();
    for (let round = 0; round < 5; round += 1) {
      for (const status of ['accepted', 'sent', 'undelivered', 'delivered', 'read'] as const)
        await receive(attemptId, status);
    }
    expect(await harness.dataOf(sent, 'receipt.received')).toHaveLength(5);
    expect(await statusOf(sent)).toBe('read');
  });

  test('that race change a status once', async () => {
    const { sent, attemptId } = await accepted();
    const results = await Promise.all(Array.from({ length: 50 }, () => receive(attemptId, 'delivered')));
    expect(results.filter((result) => result === 'applied')).toHaveLength(1);
    expect(await harness.dataOf(sent, 'receipt.received')).toHaveLength(1);
  });
});

describe('early receipts', () => {
  test.each([
    ['delivered', 'accepted', 'delivered'],
    ['read', 'accepted', 'read'],
    ['sent', 'accepted', 'accepted'],
    ['undelivered', 'accepted', 'undelivered'],
    ['delivered', 'unknown', 'delivered'],
    ['sent', 'unknown', 'accepted'],
    ['undelivered', 'unknown', 'undelivered'],
    ['delivered', 'transient', 'delivered'],
    ['undelivered', 'transient', 'failed'],
  ] as const)('are parked and joined: %s, settled as %s, is %s', async (status, outcome, end) => {
    const sent = await harness.open();
    const claimed = await claim(sent);
    expect(await receive(claimed.attempt.id, status)).toBe('parked');
    expect(await statusOf(sent)).toBe('sending');
    expect(await receive(claimed.attempt.id, status)).toBe('duplicate');
    expect(await settle(claimed, outcome)).toBe('settled');
    expect(await statusOf(sent)).toBe(end);
    expect(await harness.read(sent)).toMatchObject({ undeliverable: end === 'undelivered' || end === 'failed' });
    expect(await harness.dataOf(sent, 'delivery.ended')).toEqual([{ delivery: sent.deliveryId, status: end }]);
  });

  test.each([{ kind: 'again' }, { kind: 'later', delayMs: 2_000 }] as const)(
    'end a delivery that was to be sent again ($kind), since its provider took it',
    async (next) => {
      for (const [status, end] of [
        ['accepted', 'accepted'],
        ['sent', 'accepted'],
        ['delivered', 'delivered'],
      ] as const) {
        const sent = await harness.open();
        const claimed = await claim(sent);
        await receive(claimed.attempt.id, status);
        await settle(claimed, 'unknown', next);
        expect(await statusOf(sent)).toBe(end);
        expect(await harness.deliveries.claim(sent.deliveryId, LEASE_MS)).toEqual({ result: 'ended' });
        expect((await wholeState(sent)).due.join()).not.toContain(`d:${sent.id.slice(4)}`);
      }
    },
  );

  test('that say it was not delivered let it be sent again', async () => {
    const sent = await harness.open();
    const claimed = await claim(sent);
    await receive(claimed.attempt.id, 'undelivered');
    await settle(claimed, 'unknown', { kind: 'again' });
    expect(await claim(sent)).toMatchObject({ attempt: { ordinal: 2 } });
  });

  test.each([
    ['claim', ({ deliveryId }: Opened) => harness.deliveries.claim(deliveryId, LEASE_MS)],
    ['due set', () => harness.drain()],
  ] as const)(
    'of a worker that crashed are joined by the %s after its lease: nothing is sent again',
    async (_, find) => {
      const sent = await harness.open();
      const claimed = await claim(sent);
      await receive(claimed.attempt.id, 'sent');
      harness.travel(LEASE_MS + 1);
      expect(JSON.stringify(await find(sent))).not.toMatch(
        new RegExp(`claimed|enqueue","deliveryId":"${sent.deliveryId}`),
      );
      expect(await statusOf(sent)).toBe('accepted');
      expect((await harness.dataOf(sent, 'attempt.settled')).at(-1)).toMatchObject({ provider_code: 'lease_ended' });
    },
  );

  test('of an attempt that waits to be made again end its delivery at once', async () => {
    const sent = await harness.open();
    const claimed = await claim(sent);
    await settle(claimed, 'unknown', { kind: 'later', delayMs: 2_000 });
    expect(await receive(claimed.attempt.id, 'delivered')).toBe('applied');
    expect(await statusOf(sent)).toBe('delivered');
    expect(await harness.dataOf(sent, 'delivery.ended')).toEqual([{ delivery: sent.deliveryId, status: 'delivered' }]);
    expect(await harness.deliveries.claim(sent.deliveryId, LEASE_MS)).toEqual({ result: 'ended' });
  });
});

describe('receipts of an older attempt', () => {
  async function failedOver() {
    const sent = await harness.open();
    const first = await claim(sent);
    await settle(first, 'unknown', { kind: 'again' });
    const second = await claim(sent);
    return { sent, first, second };
  }

  test('are events; only delivered or read moves the delivery', async () => {
    const { sent, first, second } = await failedOver();
    await settle(second, 'accepted');
    for (const status of ['sent', 'undelivered'] as const) {
      expect(await receive(first.attempt.id, status)).toBe('applied');
      expect(await statusOf(sent)).toBe('accepted');
    }
    await receive(first.attempt.id, 'delivered');
    expect(await statusOf(sent)).toBe('delivered');
    expect(await receive(second.attempt.id, 'undelivered')).toBe('applied');
    expect(await statusOf(sent)).toBe('delivered');
    expect(await harness.dataOf(sent, 'receipt.received')).toMatchObject([
      { attempt: 1, status: 'sent' },
      { attempt: 1, status: 'undelivered' },
      { attempt: 1, status: 'delivered', delivery_status: 'delivered' },
      { attempt: 2, status: 'undelivered' },
    ]);
  });

  test('that was read keep it read when the newer one is delivered, too', async () => {
    const { sent, first, second } = await failedOver();
    await settle(second, 'accepted');
    await receive(first.attempt.id, 'read');
    expect(await receive(second.attempt.id, 'delivered')).toBe('applied');
    expect(await statusOf(sent)).toBe('read');
  });

  test('that its provider took it end the delivery when the newer one failed, and it rests on the older then', async () => {
    const { sent, first, second } = await failedOver();
    await receive(first.attempt.id, 'sent');
    await settle(second, 'transient', { kind: 'later', delayMs: 2_000 });
    expect(await statusOf(sent)).toBe('accepted');
    await receive(first.attempt.id, 'undelivered');
    expect(await statusOf(sent)).toBe('undelivered');
  });

  test('that its provider took it keep it accepted when the newer one is undelivered, in either order', async () => {
    for (const isFirst of [true, false]) {
      const { sent, first, second } = await failedOver();
      await receive(first.attempt.id, 'sent');
      if (isFirst) await receive(second.attempt.id, 'undelivered');
      await settle(second, 'accepted');
      if (!isFirst) await receive(second.attempt.id, 'undelivered');
      expect(await statusOf(sent)).toBe('accepted');
      await receive(first.attempt.id, 'undelivered');
      expect(await statusOf(sent)).toBe('undelivered');
    }
  });
});

test.each([
  ['sent', 'accepted'],
  ['delivered', 'delivered'],
  ['undelivered', 'undelivered'],
] as const)('a delivery that ended unknown moves by a receipt: %s makes it %s', async (status, end) => {
  const sent = await harness.open();
  const claimed = await claim(sent);
  await settle(claimed, 'unknown');
  await receive(claimed.attempt.id, status);
  expect(await statusOf(sent)).toBe(end);
});

test('receipts go on counting after the verification has ended, and are unmatched once it is forgotten', async () => {
  const { sent, attemptId } = await accepted();
  await harness.verifications.cancel(sent.id, harness.call());
  const { lifeMs } = await wholeState(sent);
  expect(await receive(attemptId, 'delivered')).toBe('applied');
  expect(await harness.read(sent)).toMatchObject({ status: 'canceled', deliveries: [{ status: 'delivered' }] });
  expect((await wholeState(sent)).lifeMs).toBe(lifeMs);

  await harness.redis.del(harness.keysOf(sent).verification);
  const before = await wholeState(sent);
  expect(await receive(attemptId, 'read')).toBe('unmatched');
  expect(await wholeState(sent)).toEqual(before);
});

test('a receipt of the other mode changes nothing', async () => {
  const { sent, attemptId } = await accepted();
  const before = await wholeState(sent);
  expect(await receive(attemptId, 'delivered', { mode: 'live' })).toBe('forged');
  expect(await wholeState(sent)).toEqual(before);
});

test('an attempt or a delivery that never was is unmatched, and changes nothing', async () => {
  const { sent, attemptId } = await accepted();
  const before = await wholeState(sent);
  expect(await receive(attemptId.replace(/-1-1$/, '-1-2'), 'delivered')).toBe('unmatched');
  expect(await receive(attemptId.replace(/-1-1$/, '-2-1'), 'delivered')).toBe('unmatched');
  expect(await wholeState(sent)).toEqual(before);
  expect(harness.receipts.isOurs(attemptId)).toBe(true);
  for (const id of [`att_${'0'.repeat(26)}-1-1`, sent.deliveryId, sent.id, '', `${attemptId}-1`]) {
    expect(harness.receipts.isOurs(id)).toBe(false);
  }
});

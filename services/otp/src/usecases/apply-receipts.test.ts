import { Writable } from 'node:stream';
import type { ReceiptCall, ReceiptProvider } from '@watchword/contracts';
import type { Counted, ReadCall, ReadReceipt } from '@watchword/delivery';
import { createLogger } from '@watchword/platform';
import type { Receipt } from '@watchword/verifications';
import { expect, test } from 'vitest';
import { createApplyReceipts } from './apply-receipts.ts';

const ATTEMPT = `att_${'7'.repeat(26)}-1-1`;
const OTHER = `att_${'7'.repeat(26)}-2-1`;
const ACCOUNT = `default.prv_${'7'.repeat(26)}`;
const call: ReceiptCall = { method: 'POST', query: '', contentType: '', headers: {}, body: '' };
const receipt = (attemptId: string): ReadReceipt => ({
  of: { attemptId },
  mode: 'live',
  circuit: 'prv_1',
  status: 'delivered',
  health: 'healthy',
});
const read = (...receipts: ReadReceipt[]): ReadCall => ({ kind: 'receipts', receipts });

/** `ofPlatform` and `ofProject` are what the accounts of each say of the call, by its provider. */
function start(
  ofPlatform: (provider: ReceiptProvider) => ReadCall | null,
  ofProject: () => ReadCall | null = () => null,
  receive: (receipt: Receipt) => Promise<'applied'> = async () => 'applied',
  seen: Counted = 'counted',
) {
  const received: string[] = [];
  const asked: unknown[] = [];
  const observed: string[] = [];
  const moved: unknown[] = [];
  let log = '';
  const destination = new Writable({
    write(chunk: Buffer, _, done) {
      log += chunk.toString('utf8');
      done();
    },
  });
  const readerOf = (provider: ReceiptProvider) => () => ofPlatform(provider);
  const applyReceipts = createApplyReceipts({
    receipts: {
      isOurs: () => true,
      projectOf: async (attemptId) => (attemptId === OTHER ? 'other' : 'default'),
      receive: async (one) => {
        received.push(one.attemptId);
        return receive(one);
      },
    },
    messages: { takeOrPark: async () => null },
    readers: {
      twilio: readerOf('twilio'),
      vonage: readerOf('vonage'),
      vonage_messages: readerOf('vonage_messages'),
      whatsapp_cloud: readerOf('whatsapp_cloud'),
      wati: readerOf('wati'),
    },
    readProjectCall: async (...wanted) => {
      asked.push([wanted[0], wanted[1], wanted[3]]);
      return ofProject();
    },
    receiptsUrl: undefined,
    health: {
      observe: async (circuit) => {
        observed.push(circuit);
        return seen;
      },
    },
    onReceipt: () => {},
    onTransition: (circuit) => moved.push(circuit),
    logger: createLogger({ service: 'test', level: 'warn', destination }),
  });
  return { applyReceipts, received, asked, observed, moved, log: () => log };
}

test('a call on the URL of one attempt speaks of no other, whoever signed it', async () => {
  for (const { applyReceipts, received } of [
    start(() => read(receipt(OTHER))),
    start(
      () => null,
      () => read(receipt(OTHER)),
    ),
  ]) {
    await expect(applyReceipts('twilio', ATTEMPT, call)).rejects.toMatchObject({ code: 'invalid_signature' });
    expect(received).toEqual([]);
  }
});

test('what one receipt of a call meets is in no other one’s way, and the provider is asked to come again', async () => {
  const outage = new Error('Connection is closed.');
  const receive = async ({ attemptId }: Receipt) => {
    if (attemptId === ATTEMPT) throw outage;
    return 'applied' as const;
  };
  const { applyReceipts, received } = start(() => read(receipt(ATTEMPT), receipt(OTHER)), undefined, receive);
  await expect(applyReceipts('whatsapp_cloud', 'platform', call)).rejects.toBe(outage);
  expect(received).toEqual([ATTEMPT, OTHER]);
});

test('the platform’s accounts are asked about attempts and their own URL, a project’s about its own, and for a new one only by an attempt', async () => {
  const { applyReceipts, asked } = start(() => null);
  for (const [provider, reference] of [
    ['twilio', ATTEMPT],
    ['twilio', OTHER],
    ['whatsapp_cloud', ACCOUNT],
    ['whatsapp_cloud', 'platform'],
  ] as const) {
    await expect(applyReceipts(provider, reference, call)).rejects.toMatchObject({ code: 'invalid_signature' });
  }
  expect(asked).toEqual([
    ['twilio', 'default', true],
    ['twilio', 'other', true],
    ['whatsapp_cloud', 'default', false],
  ]);
  const platform = start(() => read(receipt(ATTEMPT)));
  await expect(platform.applyReceipts('whatsapp_cloud', ACCOUNT, call)).rejects.toMatchObject({
    code: 'invalid_signature',
  });
  expect(platform.received).toEqual([]);
});

test('a URL that names nothing is not found', async () => {
  const { applyReceipts } = start(() => read(receipt(ATTEMPT)));
  for (const [provider, reference] of [
    ['smtp', ATTEMPT],
    ['twilio', 'nobody'],
  ] as const) {
    await expect(applyReceipts(provider, reference, call)).rejects.toMatchObject({ code: 'not_found' });
  }
});

test('of one call so many receipts are taken, and it is told that there were more', async () => {
  const attempts = Array.from({ length: 1_003 }, (_, index) => receipt(`att_${'7'.repeat(26)}-${index + 1}-1`));
  const { applyReceipts, received, log } = start(() => read(...attempts));
  const answer = await applyReceipts('whatsapp_cloud', 'platform', call);
  expect(answer).toEqual({ results: Array(1_000).fill('applied') });
  expect(received).toHaveLength(1_000);
  expect(log()).toContain('"dropped":3');
  const all = start(() => read(...attempts.slice(0, 1_000)));
  await all.applyReceipts('whatsapp_cloud', 'platform', call);
  expect([all.received.length, all.log()]).toEqual([1_000, '']);
});

test('a receipt of a message that nobody knows yet says nothing of its provider', async () => {
  const parked = { ...receipt(ATTEMPT), of: { account: 'wati', messageId: 'm1' } };
  const { applyReceipts, observed } = start(() => read(parked, receipt(ATTEMPT)));
  expect(await applyReceipts('wati', 'platform', call)).toEqual({ results: ['parked', 'applied'] });
  expect(observed).toHaveLength(1);
});

test('a circuit that receipts move is told of by its account and channel', async () => {
  const seen = { from: 'closed', to: 'open', reason: 'failure_rate', ms: 1 } as const;
  for (const [provider, circuit, channel] of [
    ['twilio', 'twilio', 'sms'],
    ['twilio', 'prv_1.voice', 'voice'],
    ['vonage_messages', 'vonage_messages~test', 'sms'],
    ['vonage_messages', 'vonage_messages~test.whatsapp', 'whatsapp'],
  ] as const) {
    const { applyReceipts, moved } = start(() => read({ ...receipt(ATTEMPT), circuit }), undefined, undefined, seen);
    await applyReceipts(provider, ATTEMPT, call);
    expect(moved).toEqual([{ provider, mode: 'live', channel }]);
  }
});

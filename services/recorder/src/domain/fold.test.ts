import type { RecordedState } from '@watchword/records';
import { randomOf } from '@watchword/testkit/random';
import { expect, test } from 'vitest';
import { anyFacts, type Data, eventsOf, type Fact, LIFE_ID, OPENED } from '../../test/lives.ts';
import { applyEvent, receiptOf, type SealedParts } from './fold.ts';
import { replay } from './replay.ts';
import type { RecordableEvent } from './stream-event.ts';

const ID = LIFE_ID;
const delivery = (ordinal: number) => `del_${ID}-${ordinal}`;
const SEALED: SealedParts = {
  destination: Buffer.from('sealed'),
  seal_key: 3,
  destination_index: Buffer.from('index'),
  second_index: null,
  third_index: null,
  destination_index_key: 2,
  context: null,
  user_index: Buffer.from('user'),
  user_index_key: 2,
  erased_at: null,
};
const foldOn = (base: RecordedState | undefined, events: readonly RecordableEvent[]) =>
  events.reduce<RecordedState | undefined>((state, event) => applyEvent(state, event, SEALED), base);

function foldAll(...facts: Fact[]): RecordedState {
  const state = foldOn(undefined, eventsOf(['verification.opened', OPENED], ...facts));
  if (!state) throw new Error('nothing was opened');
  return state;
}

const QUEUED: [Fact[0], Data] = ['delivery.queued', { delivery: delivery(1), channel: 'sms' }];
const STARTED: [Fact[0], Data] = ['attempt.started', { delivery: delivery(1), attempt: 1 }];
const settled = (outcome: string, more: Data = {}): [Fact[0], Data] => [
  'attempt.settled',
  { delivery: delivery(1), attempt: 1, outcome, provider: 'twilio', ...more },
];
const PRICED = { cost_micros: 5_000, template: 'tpl_a' };
const ended = (status: string, ordinal = 1): [Fact[0], Data] => [
  'delivery.ended',
  { delivery: delivery(ordinal), status },
];
const receipt = (status: string, more: Data = {}): [Fact[0], Data] => [
  'receipt.received',
  { delivery: delivery(1), attempt: 1, provider: 'twilio', status, ...more },
];

test('opening says everything that is known then', () => {
  expect(foldAll()).toEqual({
    verification: {
      id: ID,
      project: 'p',
      mode: 'test',
      purpose: 'login',
      country: 'US',
      status: 'pending',
      undeliverable: false,
      ...SEALED,
      channel: null,
      channels: [],
      provider: null,
      providers: [],
      code_ttl_ms: 1_000,
      checks_remaining: 3,
      last_delivery: 0,
      last_send: null,
      opened_at: 10_000,
      expires_at: 11_000,
      ended_at: null,
      token_consumed_at: null,
      applied_seq: 1,
    },
    deliveries: [],
    attempts: [],
  });
});

test('each delivery moves the expiry, and is queued', () => {
  const { verification, deliveries } = foldAll(QUEUED, ['delivery.queued', { delivery: delivery(2), channel: 'sms' }]);
  expect(verification.expires_at).toBe(11_002);
  expect(deliveries.map(({ id, status, ordinal }) => [id, status, ordinal])).toEqual([
    [delivery(1), 'queued', 1],
    [delivery(2), 'queued', 2],
  ]);
});

test('an attempt is sending while it runs, its delivery waits after it, and ends with its end', () => {
  const statusAfter = (...facts: Fact[]) => foldAll(QUEUED, ...facts).deliveries[0]?.status;
  expect(statusAfter(STARTED)).toBe('sending');
  expect(statusAfter(STARTED, settled('transient'))).toBe('queued');
  expect(statusAfter(STARTED, settled('accepted'), ended('accepted'))).toBe('accepted');
  expect(
    foldAll(QUEUED, STARTED, settled('rejected', { class: 'destination', provider_code: '21211', ...PRICED })).attempts,
  ).toEqual([
    {
      id: `att_${ID}-1-1`,
      verification: ID,
      delivery: delivery(1),
      ordinal: 1,
      provider: 'twilio',
      outcome: 'rejected',
      class: 'destination',
      provider_code: '21211',
      provider_message_id: null,
      cost_micros: 5_000,
      template: 'tpl_a',
      receipt: null,
      delivered_at: null,
      started_at: 10_002,
      settled_at: 10_003,
      applied_seq: 4,
    },
  ]);
});

test('a settlement that came after its lease had ended counts', () => {
  const lease = settled('unknown', { provider_code: 'lease_ended' });
  const { attempts } = foldAll(QUEUED, STARTED, lease, settled('accepted', { provider_message_id: 'm' }));
  expect(attempts).toMatchObject([{ outcome: 'accepted', provider_code: null, provider_message_id: 'm' }]);
});

test('undeliverable is about the last message', () => {
  const isUndeliverable = (...facts: Fact[]) => foldAll(QUEUED, ...facts).verification.undeliverable;
  const second: [Fact[0], Data] = ['delivery.queued', { delivery: delivery(2), channel: 'sms' }];
  expect(isUndeliverable(ended('failed'))).toBe(true);
  expect(isUndeliverable(ended('expired_unsent'))).toBe(true);
  expect(isUndeliverable(ended('skipped'))).toBe(false);
  expect(isUndeliverable(ended('unknown'))).toBe(false);
  expect(isUndeliverable(ended('failed'), second)).toBe(false);
  expect(isUndeliverable(second, ended('failed'))).toBe(false);
  expect(isUndeliverable(second, ended('failed', 2), ended('accepted'))).toBe(false);
  expect(isUndeliverable(ended('accepted'), receipt('undelivered', { delivery_status: 'undelivered' }))).toBe(true);
});

/** A delivery of a send, over a channel. */
const ofSend = (ordinal: number, send: number, channel: string, more: Data = {}): [Fact[0], Data] => [
  'delivery.queued',
  { delivery: delivery(ordinal), channel, send, ...more },
];

test('the deliveries of one send share its expiry, and know why a workflow came to them', () => {
  const { verification, deliveries } = foldAll(
    ofSend(1, 1, 'email'),
    ofSend(2, 1, 'whatsapp', { reason: 'timeout' }),
    ofSend(3, 2, 'sms'),
    ofSend(4, 2, 'email'),
  );
  expect(verification).toMatchObject({ expires_at: 11_003, last_delivery: 4, last_send: 2, channel: 'email' });
  expect(deliveries.map(({ send, channel, reason }) => [send, channel, reason])).toEqual([
    [1, 'email', null],
    [1, 'whatsapp', 'timeout'],
    [2, 'sms', null],
    [2, 'email', null],
  ]);
  expect(foldAll(ofSend(1, 1, 'email'), ofSend(2, 1, 'whatsapp')).verification.expires_at).toBe(11_001);
});

test('a verification lists the channels of all its deliveries, and the providers of all its settled attempts, each once', () => {
  const { verification } = foldAll(
    ofSend(1, 1, 'email'),
    ofSend(2, 1, 'whatsapp'),
    STARTED,
    settled('transient'),
    settled('accepted', { attempt: 2, provider: 'vonage' }),
    settled('unknown', { attempt: 3, provider: undefined as never }),
    ofSend(3, 2, 'email'),
    settled('accepted', { delivery: delivery(3), provider: 'twilio' }),
  );
  expect(verification).toMatchObject({ channel: 'email', channels: ['email', 'whatsapp'] });
  expect(verification).toMatchObject({ provider: 'twilio', providers: ['twilio', 'vonage'] });
});

test('of a send with several deliveries only its own event says that nobody took it', () => {
  const isUndeliverable = (...facts: Fact[]) =>
    foldAll(ofSend(1, 1, 'email'), ofSend(2, 1, 'sms'), ...facts).verification.undeliverable;
  expect(isUndeliverable(ended('accepted'), ended('failed', 2))).toBe(false);
  expect(isUndeliverable(ended('failed'), ended('failed', 2))).toBe(false);
  expect(isUndeliverable(ended('failed', 2), ['verification.undeliverable', { channels: 'email,sms' }])).toBe(true);
  expect(isUndeliverable(['verification.undeliverable'], ended('accepted'))).toBe(false);
  expect(isUndeliverable(['verification.undeliverable'], receipt('delivered', { delivery_status: 'delivered' }))).toBe(
    false,
  );
  expect(isUndeliverable(['verification.undeliverable'], ofSend(3, 2, 'sms'))).toBe(false);
});

test('a delivery of a time with one channel is by SMS', () => {
  const { deliveries, verification } = foldAll(['delivery.queued', { delivery: delivery(1) }]);
  expect(deliveries).toMatchObject([{ channel: 'sms', send: null, reason: null }]);
  expect(verification).toMatchObject({ channel: 'sms', last_send: null });
});

test('a receipt moves its delivery only when it says so, and is a document of its own', () => {
  const sent = [QUEUED, STARTED, settled('accepted'), ended('accepted')] as const;
  expect(foldAll(...sent, receipt('sent')).deliveries[0]?.status).toBe('accepted');
  expect(foldAll(...sent, receipt('delivered', { delivery_status: 'delivered' })).deliveries[0]?.status).toBe(
    'delivered',
  );
  const [event] = eventsOf(receipt('undelivered', { provider_code: '30003' }));
  expect(event?.type === 'receipt.received' && receiptOf(event)).toEqual({
    id: `${ID}-1`,
    verification: ID,
    delivery: delivery(1),
    attempt: `att_${ID}-1-1`,
    provider: 'twilio',
    status: 'undelivered',
    delivery_status: null,
    provider_code: '30003',
    received_at: 10_000,
  });
});

test('a check takes a chance; an end has its time; a token is spent once', () => {
  const wrong: [Fact[0], Data] = ['check.judged', { result: 'incorrect', checks_remaining: 2 }];
  expect(foldAll(wrong).verification).toMatchObject({ checks_remaining: 2, status: 'pending', ended_at: null });
  for (const status of ['approved', 'expired', 'exhausted', 'canceled'] as const) {
    expect(foldAll(wrong, [`verification.${status}`]).verification).toMatchObject({ status, ended_at: 10_002 });
  }
  expect(foldAll(['token.consumed']).verification).toMatchObject({ token_consumed_at: 10_001 });
});

test('nothing can be said of a verification whose beginning is missing; a gap later on is a gap and no more', () => {
  const [, queued, started] = eventsOf(['verification.opened', OPENED], QUEUED, STARTED);
  expect(applyEvent(undefined, queued as RecordableEvent, undefined)).toBeUndefined();
  const state = foldOn(undefined, [...eventsOf(['verification.opened', OPENED]), started as RecordableEvent]);
  expect(state).toMatchObject({ verification: { applied_seq: 3 }, deliveries: [], attempts: [{ started_at: 10_002 }] });
});

test.each(Array.from({ length: 200 }, (_, seed) => seed))(
  'seed %i: batches cut anywhere, repeated, or folded on a partly newer base come to the same state',
  (seed) => {
    const random = randomOf(seed);
    const events = eventsOf(...anyFacts(random));
    const whole = foldOn(undefined, events) as RecordedState;
    const cut = 1 + Math.floor(random() * (events.length - 1));
    const atCut = foldOn(undefined, events.slice(0, cut)) as RecordedState;
    expect(foldOn(atCut, events.slice(cut))).toEqual(whole);
    // The same events once more, from anywhere.
    expect(foldOn(whole, events.slice(cut))).toEqual(whole);
    // A write that was cut off: some documents are of the whole, the others of the cut.
    for (const part of ['deliveries', 'attempts', 'verification'] as const) {
      expect(foldOn({ ...atCut, [part]: whole[part] }, events.slice(cut))).toEqual(whole);
    }
    const stored = events.map(({ verification, seq, type, at, data }) => ({
      id: `${verification}-${seq}`,
      verification,
      seq,
      type,
      at,
      data: data as Data,
    }));
    expect(replay(stored.toReversed(), SEALED)).toEqual(whole);
  },
);

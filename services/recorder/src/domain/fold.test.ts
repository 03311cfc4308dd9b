import type { EventType } from '@watchword/contracts';
import type { RecordedState } from '@watchword/records';
import { expect, test } from 'vitest';
import { applyEvent, receiptOf, type SealedParts } from './fold.ts';
import { replay } from './replay.ts';
import { type RecordableEvent, toEvent } from './stream-event.ts';

const ID = 'abcdefghjkmnpqrstvwxyz0123';
const delivery = (ordinal: number) => `del_${ID}-${ordinal}`;
const SEALED: SealedParts = {
  destination: Buffer.from('sealed'),
  destination_index: Buffer.from('index'),
  destination_index_key: 2,
  context: null,
};
const OPENED = { project: 'p', mode: 'test', purpose: 'login', country: 'US', checks_max: 3, code_ttl_ms: 1_000 };

type Data = Record<string, string | number>;

/** Events of one verification, numbered and timed in their order. */
function eventsOf(...facts: [EventType, Data?][]): RecordableEvent[] {
  return facts.map(([type, data = {}], index) => {
    const event = toEvent(ID, index + 1, type, 10_000 + index, data);
    if ('unreadable' in event) throw new Error(event.unreadable);
    return event;
  });
}

const foldOn = (base: RecordedState | undefined, events: readonly RecordableEvent[]) =>
  events.reduce<RecordedState | undefined>((state, event) => applyEvent(state, event, SEALED), base);

function foldAll(...facts: [EventType, Data?][]): RecordedState {
  const state = foldOn(undefined, eventsOf(['verification.opened', OPENED], ...facts));
  if (!state) throw new Error('nothing was opened');
  return state;
}

const QUEUED: [EventType, Data] = ['delivery.queued', { delivery: delivery(1), channel: 'sms' }];
const STARTED: [EventType, Data] = ['attempt.started', { delivery: delivery(1), attempt: 1 }];
const settled = (outcome: string, more: Data = {}): [EventType, Data] => [
  'attempt.settled',
  { delivery: delivery(1), attempt: 1, outcome, provider: 'twilio', ...more },
];
const ended = (status: string, ordinal = 1): [EventType, Data] => [
  'delivery.ended',
  { delivery: delivery(ordinal), status },
];
const receipt = (status: string, more: Data = {}): [EventType, Data] => [
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
      code_ttl_ms: 1_000,
      checks_remaining: 3,
      last_delivery: 0,
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
  const statusAfter = (...facts: [EventType, Data?][]) => foldAll(QUEUED, ...facts).deliveries[0]?.status;
  expect(statusAfter(STARTED)).toBe('sending');
  expect(statusAfter(STARTED, settled('transient'))).toBe('queued');
  expect(statusAfter(STARTED, settled('accepted'), ended('accepted'))).toBe('accepted');
  expect(
    foldAll(QUEUED, STARTED, settled('rejected', { class: 'destination', provider_code: '21211' })).attempts,
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
  const isUndeliverable = (...facts: [EventType, Data?][]) => foldAll(QUEUED, ...facts).verification.undeliverable;
  const second: [EventType, Data] = ['delivery.queued', { delivery: delivery(2), channel: 'sms' }];
  expect(isUndeliverable(ended('failed'))).toBe(true);
  expect(isUndeliverable(ended('expired_unsent'))).toBe(true);
  expect(isUndeliverable(ended('skipped'))).toBe(false);
  expect(isUndeliverable(ended('unknown'))).toBe(false);
  expect(isUndeliverable(ended('failed'), second)).toBe(false);
  expect(isUndeliverable(second, ended('failed'))).toBe(false);
  expect(isUndeliverable(second, ended('failed', 2), ended('accepted'))).toBe(false);
  expect(isUndeliverable(ended('accepted'), receipt('undelivered', { delivery_status: 'undelivered' }))).toBe(true);
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
  const wrong: [EventType, Data] = ['check.judged', { result: 'incorrect', checks_remaining: 2 }];
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

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A life in any order: the fold must not rely on what the scripts would do. */
function anyLife(random: () => number): RecordableEvent[] {
  const pick = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T;
  const facts: [EventType, Data?][] = [['verification.opened', OPENED]];
  let deliveries = 0;
  for (let length = 5 + Math.floor(random() * 25); length > 0; length -= 1) {
    if (deliveries === 0 || random() < 0.15) {
      deliveries += 1;
      facts.push(['delivery.queued', { delivery: delivery(deliveries), channel: 'sms' }]);
      continue;
    }
    const of = { delivery: delivery(1 + Math.floor(random() * deliveries)) };
    const attempt = 1 + Math.floor(random() * 3);
    const makers: (() => [EventType, Data?])[] = [
      () => ['attempt.started', { ...of, attempt }],
      () => ['attempt.settled', { ...of, attempt, outcome: pick(['accepted', 'transient', 'unknown']) }],
      () => ['delivery.ended', { ...of, status: pick(['accepted', 'failed', 'expired_unsent', 'skipped']) }],
      () => [
        'receipt.received',
        { ...of, attempt, provider: 'vonage', status: 'delivered', delivery_status: 'delivered' },
      ],
      () => ['check.judged', { result: 'incorrect', checks_remaining: Math.floor(random() * 3) }],
      () => [pick(['verification.approved', 'verification.expired', 'token.consumed'] as const)],
    ];
    facts.push(pick(makers)());
  }
  return eventsOf(...facts);
}

test.each(Array.from({ length: 200 }, (_, seed) => seed))(
  'seed %i: batches cut anywhere, repeated, or folded on a partly newer base come to the same state',
  (seed) => {
    const random = randomOf(seed);
    const events = anyLife(random);
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

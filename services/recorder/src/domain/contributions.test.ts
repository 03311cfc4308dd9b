import type { RecordedState } from '@watchword/records';
import { randomOf } from '@watchword/testkit/random';
import { expect, test } from 'vitest';
import { anyFacts, type Data, eventsAt, eventsOf, type Fact, LIFE_ID, OPENED, SEALED } from '../../test/lives.ts';
import { contributionsOf, differenceOf } from './contributions.ts';
import { applyEvent } from './fold.ts';
import type { RecordableEvent } from './stream-event.ts';

const delivery = `del_${LIFE_ID}-1`;
const QUEUED: Fact = ['delivery.queued', { delivery, channel: 'sms' }];
const STARTED: Fact = ['attempt.started', { delivery, attempt: 1 }];
const settled = (outcome: string, more: Data = { provider: 'twilio' }): Fact => [
  'attempt.settled',
  { delivery, attempt: 1, outcome, ...more },
];
const receipt = (status: string): Fact => ['receipt.received', { delivery, attempt: 1, provider: 'twilio', status }];

function statesOf(events: readonly RecordableEvent[]): RecordedState[] {
  const states: RecordedState[] = [];
  for (const event of events) states.push(applyEvent(states.at(-1), event, SEALED) as RecordedState);
  return states;
}

/** By provider and template, what a life adds; each event takes 100 ms. */
function addedBy(...facts: Fact[]) {
  const events = eventsAt(LIFE_ID, 60_000, 100, [['verification.opened', OPENED], QUEUED, ...facts]);
  const contributions = contributionsOf(statesOf(events).at(-1) as RecordedState);
  return Object.fromEntries(
    [...contributions.values()].map(({ place, counters }) => [`${place.provider} ${place.template}`, counters]),
  );
}

test('an accepted attempt counts under its provider and template, with its cost and its time', () => {
  expect(addedBy(STARTED, settled('accepted', { provider: 'twilio', template: 'tpl_a', cost_micros: 7_500 }))).toEqual({
    // Settled 200 ms after it was queued; 2^(61/8) = 197 ms.
    'twilio tpl_a': { sent: 1, accepted: 1, 'accepted_ms:61': 1, cost_micros: 7_500, verifications: 1 },
  });
});

test('what was delivered counts once, however often a receipt says so, and not as undelivered too', () => {
  const sent = { sent: 1, accepted: 1, 'accepted_ms:61': 1, verifications: 1 };
  expect(addedBy(STARTED, settled('accepted'), receipt('undelivered'))).toEqual({
    'twilio ': { ...sent, undelivered: 1 },
  });
  expect(addedBy(STARTED, settled('accepted'), receipt('undelivered'), receipt('delivered'), receipt('read'))).toEqual({
    'twilio ': { ...sent, delivered: 1, 'delivered_ms:69': 1 },
  });
  // The receipt came before the worker's own word.
  expect(addedBy(STARTED, receipt('delivered'))).toEqual({ ' ': { verifications: 1 } });
  expect(addedBy(STARTED, receipt('delivered'), settled('unknown', {}))).toEqual({
    'twilio ': { sent: 1, unknown: 1, delivered: 1, 'delivered_ms:61': 1, verifications: 1 },
  });
});

test('after a failover each provider has its own attempts, and the one that took the message has the approval', () => {
  expect(
    addedBy(
      STARTED,
      settled('transient'),
      ['attempt.started', { delivery, attempt: 2 }],
      ['attempt.settled', { delivery, attempt: 2, outcome: 'accepted', provider: 'vonage' }],
      ['verification.approved'],
    ),
  ).toEqual({
    'twilio ': { sent: 1, failed: 1 },
    'vonage ': { sent: 1, accepted: 1, 'accepted_ms:69': 1, verifications: 1, approved: 1 },
  });
});

test('an attempt that called nobody is not sent; one whose worker died may have been', () => {
  expect(addedBy(STARTED, settled('transient', { provider_code: 'circuit_open' }))).toEqual({
    ' ': { verifications: 1 },
  });
  expect(addedBy(STARTED, settled('unknown', { provider_code: 'lease_ended' }))).toEqual({
    ' ': { sent: 1, unknown: 1, verifications: 1 },
  });
});

test('a resend moves a verification to its newest delivery, in the minute in which that was queued', () => {
  const second = `del_${LIFE_ID}-2`;
  const facts: Fact[] = [
    ['verification.opened', OPENED],
    QUEUED,
    STARTED,
    settled('accepted'),
    ['delivery.queued', { delivery: second, channel: 'sms' }],
    ['verification.approved'],
  ];
  const contributions = contributionsOf(statesOf(eventsAt(LIFE_ID, 60_000, 20_000, facts)).at(-1) as RecordedState);
  expect([...contributions.values()].map(({ place, counters }) => [place.minute, place.provider, counters])).toEqual([
    [60_000, 'twilio', { sent: 1, accepted: 1, 'accepted_ms:122': 1 }],
    [120_000, '', { verifications: 1, approved: 1 }],
  ]);
});

/** By channel, what a send over several adds; its first two facts queue them. */
function addedByChannels(...facts: Fact[]) {
  const queue = (ordinal: number, channel: string): Fact => [
    'delivery.queued',
    { delivery: `del_${LIFE_ID}-${ordinal}`, channel, send: 1 },
  ];
  const lived: Fact[] = [['verification.opened', OPENED], queue(1, 'email'), queue(2, 'sms'), ...facts];
  const state = statesOf(eventsAt(LIFE_ID, 60_000, 1, lived)).at(-1) as RecordedState;
  return Object.fromEntries(
    [...contributionsOf(state).values()].map(({ place, counters }) => [`${place.channel} ${place.provider}`, counters]),
  );
}

/** One attempt of a delivery, settled and ended. */
const triedBy = (ordinal: number, provider: string, outcome: string, status: string): Fact[] => {
  const of = { delivery: `del_${LIFE_ID}-${ordinal}`, attempt: 1 };
  return [
    ['attempt.started', of],
    ['attempt.settled', { ...of, outcome, provider }],
    ['delivery.ended', { delivery: of.delivery, status }],
  ];
};

test('a verification whose send has several deliveries counts once, where it got furthest', () => {
  const byEmail = triedBy(1, 'smtp', 'accepted', 'accepted');
  const bySms = triedBy(2, 'twilio', 'accepted', 'accepted');
  const lost = triedBy(2, 'twilio', 'rejected', 'failed');
  const verified = { verifications: 1, approved: 1 };
  const approved: Fact = ['verification.approved'];
  const arrived: Fact = [
    'receipt.received',
    { delivery: `del_${LIFE_ID}-1`, attempt: 1, provider: 'smtp', status: 'delivered', delivery_status: 'delivered' },
  ];
  const of = (added: ReturnType<typeof addedByChannels>) =>
    Object.entries(added).flatMap(([place, counters]) =>
      counters.verifications ? [[place, { verifications: counters.verifications, approved: counters.approved }]] : [],
    );
  // Both were taken: the newest, which a workflow came to last.
  expect(of(addedByChannels(...byEmail, ...bySms, approved))).toEqual([['sms twilio', verified]]);
  expect(of(addedByChannels(...byEmail, ...lost, approved))).toEqual([['email smtp', verified]]);
  expect(of(addedByChannels(...byEmail, ...bySms, arrived, approved))).toEqual([['email smtp', verified]]);
  const added = addedByChannels(...byEmail, ...lost);
  expect(added['sms twilio']).toEqual({ sent: 1, rejected: 1 });
  expect(added['email smtp']).toMatchObject({ sent: 1, accepted: 1, verifications: 1 });
});

test.each(Array.from({ length: 200 }, (_, seed) => seed))(
  'seed %i: what events add one by one comes to what the verification adds, and the figures agree',
  (seed) => {
    const states = statesOf(eventsOf(...anyFacts(randomOf(seed))));
    const sum = new Map<string, Record<string, number>>();
    let before = contributionsOf({ ...(states[0] as RecordedState), deliveries: [] });
    for (const state of states) {
      const after = contributionsOf(state);
      for (const { place, counters } of differenceOf(before, after)) {
        const key = JSON.stringify(place);
        const of = sum.get(key) ?? {};
        sum.set(key, of);
        for (const [name, amount] of Object.entries(counters)) of[name] = (of[name] ?? 0) + amount;
      }
      before = after;
    }
    const whole = Object.fromEntries(
      [...before.values()].map(({ place, counters }) => [JSON.stringify(place), counters]),
    );
    const added = [...sum].map(([key, counters]) => [
      key,
      Object.fromEntries(Object.entries(counters).filter(([, amount]) => amount !== 0)),
    ]);
    expect(Object.fromEntries(added.filter(([, counters]) => Object.keys(counters as object).length > 0))).toEqual(
      whole,
    );
    for (const counters of Object.values(whole)) {
      const of = (name: string) => counters[name] ?? 0;
      expect(of('sent')).toBe(of('accepted') + of('rejected') + of('failed') + of('unknown'));
      expect(of('delivered') + of('undelivered')).toBeLessThanOrEqual(of('sent'));
      expect(of('approved')).toBeLessThanOrEqual(of('verifications'));
    }
    const verifications = Object.values(whole).reduce((total, counters) => total + (counters.verifications ?? 0), 0);
    expect(verifications).toBe(1);
  },
);

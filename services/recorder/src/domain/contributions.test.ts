import type { RecordedState } from '@watchword/records';
import { expect, test } from 'vitest';
import { anyFacts, type Data, eventsAt, eventsOf, type Fact, LIFE_ID, OPENED, randomOf } from '../../test/lives.ts';
import { contributionsOf, differenceOf } from './contributions.ts';
import { applyEvent, type SealedParts } from './fold.ts';
import type { RecordableEvent } from './stream-event.ts';

const SEALED: SealedParts = {
  destination: Buffer.from('sealed'),
  seal_key: 1,
  destination_index: null,
  destination_index_key: null,
  context: null,
  user_index: null,
  user_index_key: null,
  erased_at: null,
};
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

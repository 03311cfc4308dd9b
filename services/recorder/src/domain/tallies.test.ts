import type { RecordedState } from '@watchword/records';
import { expect, test } from 'vitest';
import { type Data, eventsOf, type Fact, LIFE_ID, OPENED, SEALED } from '../../test/lives.ts';
import { applyEvent } from './fold.ts';
import { createTallies } from './tallies.ts';

/** What the quota counts of a life, event by event. */
function sendsOf(...facts: Fact[]): number {
  const tallies = createTallies();
  let state: RecordedState | undefined;
  for (const event of eventsOf(['verification.opened', OPENED], ...facts)) {
    const before = state;
    state = applyEvent(state, event, SEALED) as RecordedState;
    tallies.take(`${event.seq}-0`, before, state);
  }
  const deltas = tallies.result().flatMap((tally) => (tally.collection.name === 'quotas' ? tally.deltas : []));
  return deltas.reduce((sum, { counters }) => sum + (counters.sends ?? 0), 0);
}

const queued = (ordinal: number, data: Data): Fact => [
  'delivery.queued',
  { delivery: `del_${LIFE_ID}-${ordinal}`, ...data },
];

test('a quota counts a send once, over however many channels it goes and however many steps its workflow has', () => {
  const several = [
    queued(1, { channel: 'sms', send: 1 }),
    queued(2, { channel: 'email', send: 1 }),
    queued(3, { channel: 'whatsapp', send: 1, reason: 'timeout' }),
    queued(4, { channel: 'sms', send: 2 }),
    queued(5, { channel: 'email', send: 2 }),
  ];
  expect(sendsOf(...several)).toBe(2);
});

test('of a time when events said nothing of sends, every delivery is one', () => {
  expect(sendsOf(queued(1, { channel: 'sms' }), queued(2, { channel: 'sms' }))).toBe(2);
  // Resent after an upgrade.
  expect(sendsOf(queued(1, { channel: 'sms' }), queued(2, { channel: 'sms', send: 2 }))).toBe(2);
});

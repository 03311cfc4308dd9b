import { type AttemptDocument, compareAttempts } from '@watchword/records';
import { advance, type EventOf } from './advance.ts';
import type { RecordableEvent } from './stream-event.ts';

export const attemptIdOf = (delivery: string, attempt: number) => `att_${delivery.slice('del_'.length)}-${attempt}`;

/** What of a verification's fold is about its attempts. */
export function attemptsAfter(known: readonly AttemptDocument[], event: RecordableEvent): readonly AttemptDocument[] {
  if (event.type === 'receipt.received') {
    const of = attemptIdOf(event.data.delivery, event.data.attempt);
    return known.map((document) => (document.id === of ? advance(document, event, told(document, event)) : document));
  }
  if (event.type !== 'attempt.started' && event.type !== 'attempt.settled') return known;
  const { delivery, attempt } = event.data;
  const id = attemptIdOf(delivery, attempt);
  const before = known.find((document) => document.id === id) ?? startedAttempt(id, event);
  const after = event.type === 'attempt.settled' ? advance(before, event, settledChange(before, event)) : before;
  return [...known.filter((other) => other !== before), after].toSorted(compareAttempts);
}

/** Of a settlement whose start is missing, as of one that has come: what is not known to have begun has begun by now. */
function startedAttempt(
  id: string,
  { verification, seq, at, type, data }: EventOf<'attempt.started' | 'attempt.settled'>,
): AttemptDocument {
  return {
    id,
    verification,
    delivery: data.delivery,
    ordinal: data.attempt,
    provider: null,
    outcome: null,
    class: null,
    provider_code: null,
    provider_message_id: null,
    cost_micros: null,
    template: null,
    receipt: null,
    delivered_at: null,
    started_at: at,
    settled_at: null,
    applied_seq: type === 'attempt.started' ? seq : seq - 1,
  };
}

/** Who ends a lease knows no provider; a receipt may have told it. */
const settledChange = (
  { provider }: AttemptDocument,
  { at, data }: EventOf<'attempt.settled'>,
): Partial<AttemptDocument> => ({
  outcome: data.outcome,
  provider: data.provider ?? provider,
  class: data.class ?? null,
  provider_code: data.provider_code ?? null,
  provider_message_id: data.provider_message_id ?? null,
  cost_micros: data.cost_micros ?? null,
  template: data.template ?? null,
  settled_at: at,
});

/** What a receipt says stands with its attempt, also while that still runs: its word and its provider came first then. */
function told(
  { provider, delivered_at }: AttemptDocument,
  { at, data }: EventOf<'receipt.received'>,
): Partial<AttemptDocument> {
  const hasArrived = data.status === 'delivered' || data.status === 'read';
  return {
    provider: provider ?? data.provider,
    receipt: data.status,
    delivered_at: delivered_at ?? (hasArrived ? at : null),
  };
}

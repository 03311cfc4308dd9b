import type { VerificationStatus } from '@watchword/contracts';
import type { DeliveryDocument, ReceiptDocument, RecordedState, VerificationDocument } from '@watchword/records';
import { advance, type EventOf } from './advance.ts';
import { attemptIdOf, attemptsAfter } from './fold-attempts.ts';
import type { RecordableEvent } from './stream-event.ts';

/** What stands beside the first event and is no part of its data. */
export type SealedParts = Pick<
  VerificationDocument,
  | 'destination'
  | 'seal_key'
  | 'destination_index'
  | 'second_index'
  | 'third_index'
  | 'destination_index_key'
  | 'context'
  | 'user_index'
  | 'user_index_key'
  | 'erased_at'
>;

/** Of a document that may have more: a whole verification, say. */
const sealedPartsOf = (of: SealedParts): SealedParts => ({
  destination: of.destination,
  seal_key: of.seal_key,
  destination_index: of.destination_index,
  second_index: of.second_index,
  third_index: of.third_index,
  destination_index_key: of.destination_index_key,
  context: of.context,
  user_index: of.user_index,
  user_index_key: of.user_index_key,
  erased_at: of.erased_at,
});

/**
 * What a verification's state is after one more event: the same as its hash in Redis says. Every document takes in only
 * events after its `applied_seq`, and depends on nothing but itself and the event; so events may come again, in batches of
 * any size, on a base of which a part is newer, and lead to the same end. A missing event leaves a gap and no more.
 *
 * Undefined when the event is not the first and nothing is recorded before it.
 */
export function applyEvent(
  state: RecordedState | undefined,
  event: RecordableEvent,
  sealed: SealedParts | undefined,
): RecordedState | undefined {
  if (state === undefined) return event.type === 'verification.opened' && sealed ? opened(event, sealed) : undefined;
  return {
    verification: advance(state.verification, event, changeOfVerification(state.verification, event)),
    deliveries: deliveriesAfter(state.deliveries, event),
    attempts: attemptsAfter(state.attempts, event),
  };
}

function opened({ verification, seq, at, data }: EventOf<'verification.opened'>, sealed: SealedParts): RecordedState {
  return {
    verification: {
      id: verification,
      project: data.project,
      mode: data.mode,
      purpose: data.purpose,
      country: data.country,
      status: 'pending',
      undeliverable: false,
      ...sealedPartsOf(sealed),
      channel: null,
      channels: [],
      provider: null,
      providers: [],
      code_ttl_ms: data.code_ttl_ms,
      checks_remaining: data.checks_max,
      last_delivery: 0,
      last_send: null,
      opened_at: at,
      expires_at: at + data.code_ttl_ms,
      ended_at: null,
      token_consumed_at: null,
      applied_seq: seq,
    },
    deliveries: [],
    attempts: [],
  };
}

function changeOfVerification(known: VerificationDocument, event: RecordableEvent): Partial<VerificationDocument> {
  switch (event.type) {
    case 'delivery.queued':
      return queuedChange(known, event);
    case 'attempt.settled':
      return settledChange(known, event);
    case 'delivery.ended':
      return undeliverableAfter(known, event.data.delivery, event.data.status);
    case 'receipt.received': {
      const { delivery, delivery_status } = event.data;
      return delivery_status ? undeliverableAfter(known, delivery, delivery_status) : {};
    }
    case 'verification.undeliverable':
      return { undeliverable: true };
    case 'check.judged':
      return { checks_remaining: event.data.checks_remaining };
    case 'verification.approved':
    case 'verification.expired':
    case 'verification.exhausted':
    case 'verification.canceled':
      return { status: event.type.slice('verification.'.length) as VerificationStatus, ended_at: event.at };
    case 'token.consumed':
      return { token_consumed_at: event.at };
    default:
      return {};
  }
}

const ordinalOf = (delivery: string) => Number(delivery.split('-').at(-1));

/** A send's code lives from when its first delivery was queued: another channel, or a step of its workflow, changes nothing. */
function queuedChange(
  { code_ttl_ms, last_send, channels }: VerificationDocument,
  { at, data: { delivery, channel, ...data } }: EventOf<'delivery.queued'>,
): Partial<VerificationDocument> {
  const send = data.send ?? null;
  const isOfSameSend = send !== null && send === last_send;
  return {
    ...(isOfSameSend ? {} : { expires_at: at + code_ttl_ms }),
    undeliverable: false,
    last_delivery: ordinalOf(delivery),
    last_send: send,
    channel,
    channels: withOne(channels, channel),
  };
}

function settledChange(
  { providers }: VerificationDocument,
  { data: { provider } }: EventOf<'attempt.settled'>,
): Partial<VerificationDocument> {
  return provider === undefined ? {} : { provider, providers: withOne(providers, provider) };
}

/** Each once. */
const withOne = <T>(known: readonly T[] | null, one: T): readonly T[] => [...new Set([...(known ?? []), one])];

/**
 * What a provider took is not undeliverable. That nobody took a send is an event of its own; but where events say nothing of
 * sends, from before there were several deliveries of one, it follows from the last delivery.
 */
function undeliverableAfter(
  { last_delivery, last_send }: VerificationDocument,
  delivery: string,
  status: DeliveryDocument['status'],
): Partial<VerificationDocument> {
  if (TAKEN.has(status)) return { undeliverable: false };
  const isAlone = last_send === null && ordinalOf(delivery) === last_delivery;
  return isAlone && LOST.has(status) ? { undeliverable: true } : {};
}

const TAKEN: ReadonlySet<string> = new Set(['accepted', 'delivered', 'read']);
const LOST: ReadonlySet<string> = new Set(['failed', 'undelivered', 'expired_unsent']);

function deliveriesAfter(known: readonly DeliveryDocument[], event: RecordableEvent): readonly DeliveryDocument[] {
  if (event.type === 'delivery.queued') return withQueued(known, event);
  const change = changeOfDelivery(event);
  if (change === undefined) return known;
  const { delivery } = event.data as { delivery: string };
  return known.map((document) => (document.id === delivery ? advance(document, event, change) : document));
}

function withQueued(
  known: readonly DeliveryDocument[],
  { verification, seq, at, data }: EventOf<'delivery.queued'>,
): readonly DeliveryDocument[] {
  if (known.some(({ id }) => id === data.delivery)) return known;
  const queued: DeliveryDocument = {
    id: data.delivery,
    verification,
    ordinal: ordinalOf(data.delivery),
    send: data.send ?? null,
    channel: data.channel,
    reason: data.reason ?? null,
    status: 'queued',
    queued_at: at,
    ended_at: null,
    applied_seq: seq,
  };
  return [...known, queued].toSorted((left, right) => left.ordinal - right.ordinal);
}

/** Undefined for an event that is not about a delivery. */
function changeOfDelivery(event: RecordableEvent): Partial<DeliveryDocument> | undefined {
  switch (event.type) {
    case 'attempt.started':
      return { status: 'sending' };
    case 'attempt.settled':
      // Waits for another attempt, unless the next event ends it.
      return { status: 'queued' };
    case 'delivery.ended':
      return { status: event.data.status, ended_at: event.at };
    case 'receipt.received':
      return event.data.delivery_status === undefined ? undefined : { status: event.data.delivery_status };
    default:
      return undefined;
  }
}

/** A receipt is a document of its own, that nothing changes later. */
export function receiptOf({ verification, seq, at, data }: EventOf<'receipt.received'>): ReceiptDocument {
  return {
    id: `${verification}-${seq}`,
    verification,
    delivery: data.delivery,
    attempt: attemptIdOf(data.delivery, data.attempt),
    provider: data.provider,
    status: data.status,
    delivery_status: data.delivery_status ?? null,
    provider_code: data.provider_code ?? null,
    received_at: at,
  };
}

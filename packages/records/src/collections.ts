import type {
  AttemptOutcome,
  Channel,
  DeliveryStatus,
  EventType,
  Mode,
  RejectionClass,
  VerificationEvent,
  VerificationStatus,
} from '@watchword/contracts';
import { boolean, bytes, type DocumentOf, defineCollection, integer, json, optional, text } from './collection.ts';

/** Grows with each change of a declaration that a stored document or index would notice. */
export const SCHEMA_VERSION = 1;

// Times are milliseconds since the epoch. `applied_seq` is the last event that a document has taken in: an older word about
// it changes nothing, so that what is written twice, or by a recorder that lost its shard, does no harm.

export const verifications = defineCollection(
  'verifications',
  {
    project: text(),
    mode: text<Mode>(),
    purpose: text(),
    country: text(),
    status: text<VerificationStatus>(),
    undeliverable: boolean(),
    /** Sealed as it arrived, with the id of its key in the first byte. */
    destination: bytes(),
    /** The blind index of the destination and the id of its key; null when the seal key had been retired before. */
    destination_index: optional(bytes()),
    destination_index_key: optional(integer()),
    /** Sealed: locale, client, metadata. */
    context: optional(bytes()),
    code_ttl_ms: integer(),
    checks_remaining: integer(),
    /** The ordinal of the newest delivery. */
    last_delivery: integer(),
    opened_at: integer(),
    expires_at: integer(),
    ended_at: optional(integer()),
    token_consumed_at: optional(integer()),
    applied_seq: integer(),
  },
  // The last two are for counting: a report must not read whole documents.
  [['opened_at'], ['project', 'opened_at'], ['destination_index', 'opened_at'], ['status'], ['purpose']],
);

export const deliveries = defineCollection(
  'deliveries',
  {
    verification: text(),
    ordinal: integer(),
    channel: text<Channel>(),
    status: text<DeliveryStatus>(),
    queued_at: integer(),
    ended_at: optional(integer()),
    applied_seq: integer(),
  },
  [['verification', 'ordinal']],
);

export const attempts = defineCollection(
  'attempts',
  {
    verification: text(),
    delivery: text(),
    ordinal: integer(),
    provider: optional(text()),
    outcome: optional(text<AttemptOutcome>()),
    class: optional(text<RejectionClass>()),
    provider_code: optional(text()),
    provider_message_id: optional(text()),
    started_at: integer(),
    settled_at: optional(integer()),
    applied_seq: integer(),
  },
  [['verification', 'started_at']],
);

export const receipts = defineCollection(
  'receipts',
  {
    verification: text(),
    delivery: text(),
    attempt: text(),
    provider: text(),
    status: text(),
    /** Where the receipt moved its delivery. */
    delivery_status: optional(text<DeliveryStatus>()),
    provider_code: optional(text()),
    received_at: integer(),
  },
  [['verification', 'received_at']],
);

/** Id: `<verification>-<seq>`. */
export const events = defineCollection(
  'events',
  {
    verification: text(),
    seq: integer(),
    type: text<EventType>(),
    at: integer(),
    data: json<VerificationEvent['data']>(),
  },
  [['verification', 'seq']],
);

/** What stood in a stream and could not be understood or stored. Id: `<shard>:<position>`. */
export const poisonEvents = defineCollection(
  'poison_events',
  {
    shard: text(),
    position: text(),
    fields: json<Readonly<Record<string, string>>>(),
    reason: text(),
    set_aside_at: integer(),
  },
  [['set_aside_at']],
);

/** One per shard, whose number is its id. */
export const shardCursors = defineCollection('shard_cursors', {
  /** Of the last recorded event in the shard's stream. */
  position: text(),
  owner: optional(text()),
  /** Grows whenever the shard is taken: who holds an older one has lost it. */
  epoch: integer(),
  leased_until: integer(),
});

/** The recorders that say they are there, so that each knows its share of the shards. */
export const recorders = defineCollection('recorders', { alive_until: integer() });

/** What the nightly sweep found and deleted. Id: the day, UTC. */
export const reports = defineCollection('reports', {
  total: integer(),
  active: integer(),
  expired: integer(),
  used: integer(),
  by_type: json<Readonly<Record<string, number>>>(),
  /** Verifications opened before this were due, and how many there were. */
  cutoff: integer(),
  due: integer(),
  deleted: integer(),
  made_at: integer(),
});

export const COLLECTIONS = [
  verifications,
  deliveries,
  attempts,
  receipts,
  events,
  poisonEvents,
  shardCursors,
  recorders,
  reports,
] as const;

export type VerificationDocument = DocumentOf<typeof verifications>;
export type DeliveryDocument = DocumentOf<typeof deliveries>;
export type AttemptDocument = DocumentOf<typeof attempts>;
export type ReceiptDocument = DocumentOf<typeof receipts>;
export type EventDocument = DocumentOf<typeof events>;
export type PoisonDocument = DocumentOf<typeof poisonEvents>;
export type ShardCursor = DocumentOf<typeof shardCursors>;
export type ReportDocument = DocumentOf<typeof reports>;

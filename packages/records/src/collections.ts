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
import {
  boolean,
  bytes,
  type DocumentOf,
  defineCollection,
  integer,
  json,
  optional,
  text,
  texts,
} from './collection.ts';
import { decisions, quotas, statistics, tokens } from './collections/accounting.ts';
import { factors, invitations, sessions, users } from './collections/accounts.ts';
import {
  apiKeys,
  audit,
  lists,
  plans,
  platformSettings,
  policies,
  projects,
  providers,
  routes,
  templates,
  webhooks,
} from './collections/configuration.ts';

/** Grows with each change of a declaration that a stored document or index would notice. */
export const SCHEMA_VERSION = 4;

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
    /** All its addresses, sealed as they arrived, with the id of the key in the first byte; empty once they were erased. */
    destination: bytes(),
    /** The id of that key; null once it was erased. */
    seal_key: optional(integer()),
    /**
     * The blind indexes of its addresses, the one that stands for it first, and the id of their key; null when the seal key had
     * been retired before.
     */
    destination_index: optional(bytes()),
    second_index: optional(bytes()),
    third_index: optional(bytes()),
    destination_index_key: optional(integer()),
    /** Sealed: locale, client, metadata, and what its messages show. */
    context: optional(bytes()),
    /** The blind index of `client.user_id` and the id of its key. */
    user_index: optional(bytes()),
    user_index_key: optional(integer()),
    /** Of the newest delivery. */
    channel: optional(text<Channel>()),
    /** Of all deliveries. */
    channels: optional(texts<readonly Channel[]>()),
    /** Of the newest attempt that was settled. */
    provider: optional(text()),
    /** Of all attempts that were settled. */
    providers: optional(texts()),
    erased_at: optional(integer()),
    code_ttl_ms: integer(),
    checks_remaining: integer(),
    /** The ordinal of the newest delivery. */
    last_delivery: integer(),
    /** The number of the newest send; null for one of a time when each send had one delivery, and the same number. */
    last_send: optional(integer()),
    opened_at: integer(),
    expires_at: integer(),
    ended_at: optional(integer()),
    token_consumed_at: optional(integer()),
    applied_seq: integer(),
  },
  // `status` and `purpose` alone are for counting: a report must not read whole documents.
  [
    ['opened_at'],
    ['project', 'opened_at'],
    ['project', 'status', 'opened_at'],
    ['project', 'purpose', 'opened_at'],
    ['project', 'country', 'opened_at'],
    ['project', 'channels', 'opened_at'],
    ['project', 'providers', 'opened_at'],
    ['project', 'destination_index', 'opened_at'],
    ['project', 'second_index', 'opened_at'],
    ['project', 'third_index', 'opened_at'],
    ['project', 'user_index', 'opened_at'],
    ['status'],
    ['purpose'],
    ['seal_key'],
    ['destination_index_key'],
  ],
  [],
  // What is erased or sealed anew stays so, whatever a recorder read before; and an index of these alone is not written again.
  [
    'project',
    'mode',
    'purpose',
    'country',
    'destination',
    'seal_key',
    'destination_index',
    'second_index',
    'third_index',
    'destination_index_key',
    'context',
    'user_index',
    'user_index_key',
    'erased_at',
    'code_ttl_ms',
    'opened_at',
  ],
);

/** Where the blind index of an address may stand: a verification is found by each of its addresses. */
export const ADDRESS_INDEXES = ['destination_index', 'second_index', 'third_index'] as const;
export type AddressIndex = (typeof ADDRESS_INDEXES)[number];

export const deliveries = defineCollection(
  'deliveries',
  {
    verification: text(),
    ordinal: integer(),
    /** The number of the send that it is of; null stands for its own ordinal. */
    send: optional(integer()),
    channel: text<Channel>(),
    /** Why a workflow came to it; null when a send began with it. */
    reason: optional(text<'failed' | 'timeout'>()),
    status: text<DeliveryStatus>(),
    queued_at: integer(),
    ended_at: optional(integer()),
    applied_seq: integer(),
  },
  [['verification', 'ordinal']],
  [],
  ['verification', 'ordinal', 'send', 'channel', 'reason', 'queued_at'],
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
    /** What it costs, in millionths of the platform's currency. */
    cost_micros: optional(integer()),
    template: optional(text()),
    /** What its newest receipt says; they only rise. */
    receipt: optional(text()),
    /** When the first receipt came that says that the message arrived. */
    delivered_at: optional(integer()),
    started_at: integer(),
    settled_at: optional(integer()),
    applied_seq: integer(),
  },
  [['verification', 'started_at']],
  [],
  ['verification', 'delivery', 'ordinal', 'started_at'],
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
  /** Of the last event that statistics and quotas have taken in; null when none has, or since they were counted anew. */
  counted: optional(text()),
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
  /** By project, of those that have a retention of their own. */
  cutoffs: optional(json<Readonly<Record<string, number>>>()),
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
  plans,
  projects,
  apiKeys,
  policies,
  templates,
  routes,
  providers,
  lists,
  webhooks,
  platformSettings,
  audit,
  users,
  sessions,
  invitations,
  factors,
  statistics,
  quotas,
  decisions,
  tokens,
] as const;

export type VerificationDocument = DocumentOf<typeof verifications>;
export type DeliveryDocument = DocumentOf<typeof deliveries>;
export type AttemptDocument = DocumentOf<typeof attempts>;
export type ReceiptDocument = DocumentOf<typeof receipts>;
export type EventDocument = DocumentOf<typeof events>;
export type PoisonDocument = DocumentOf<typeof poisonEvents>;
export type ShardCursor = DocumentOf<typeof shardCursors>;
export type ReportDocument = DocumentOf<typeof reports>;

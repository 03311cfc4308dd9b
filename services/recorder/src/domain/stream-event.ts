import {
  ATTEMPT_OUTCOMES,
  CHANNELS,
  CHECK_RESULTS,
  DELIVERY_STATUSES,
  DESTINATION_ERASED,
  EVENT_TYPES,
  type EventType,
  MODES,
  REJECTION_CLASSES,
  type VerificationEvent,
} from '@watchword/contracts';
import { z } from 'zod';

/** One entry of a shard's stream, as Redis has it. */
export interface StreamEntry {
  /** `<ms>-<n>`: Redis' own time, and an ordinal within it. */
  readonly position: string;
  readonly fields: Readonly<Record<string, Buffer>>;
}

const text = z.string();
const delivery = z.string().regex(/^del_[0-9a-z]{26}-[1-9]\d{0,3}$/);
const ordinal = z.int().min(1);
const deliveryStatus = z.enum(DELIVERY_STATUSES);
const nothing = z.object({});

/** What the record of each event needs of its data; more may be there. */
const DATA = {
  'verification.opened': z.object({
    project: text,
    mode: z.enum(MODES),
    purpose: text,
    country: text,
    checks_max: z.int(),
    code_ttl_ms: z.int(),
  }),
  'delivery.queued': z.object({
    delivery,
    // Once there was no other channel, and a send had one delivery.
    channel: z.enum(CHANNELS).default('sms'),
    send: ordinal.optional(),
    reason: z.enum(['failed', 'timeout']).optional(),
  }),
  'attempt.started': z.object({ delivery, attempt: ordinal }),
  'attempt.settled': z.object({
    delivery,
    attempt: ordinal,
    outcome: z.enum(ATTEMPT_OUTCOMES),
    provider: text.optional(),
    class: z.enum(REJECTION_CLASSES).optional(),
    provider_code: text.optional(),
    provider_message_id: text.optional(),
    cost_micros: z.int().optional(),
    template: text.optional(),
  }),
  'receipt.received': z.object({
    delivery,
    attempt: ordinal,
    provider: text,
    status: text,
    delivery_status: deliveryStatus.optional(),
    provider_code: text.optional(),
  }),
  'delivery.ended': z.object({ delivery, status: deliveryStatus }),
  'check.judged': z.object({ result: z.enum(CHECK_RESULTS), checks_remaining: z.int() }),
  'verification.approved': nothing,
  'verification.expired': nothing,
  'verification.exhausted': nothing,
  'verification.canceled': nothing,
  'verification.undeliverable': nothing,
  'token.consumed': nothing,
} as const satisfies Record<EventType, z.ZodType>;

interface Common {
  readonly verification: string;
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export type RecordableEvent = {
  [Type in EventType]: Common & { readonly type: Type; readonly data: z.infer<(typeof DATA)[Type]> };
}[EventType];

export interface StreamEvent {
  readonly position: string;
  readonly event: RecordableEvent;
  /** All of the event's data, as the timeline shows it. */
  readonly data: VerificationEvent['data'];
  /** On `verification.opened`: the sealed addresses, and the sealed context when there is one. */
  readonly sealed?: { readonly destination: Buffer; readonly context: Buffer | null };
}

/** A destination is to be forgotten, with all that was recorded of it before. */
export interface ErasureEntry {
  readonly erasure: {
    /** `ers_` and 26 characters. */
    readonly id: string;
    readonly project: string;
    /** Who asked for it. */
    readonly actor: string;
    readonly requestId: string;
    readonly at: number;
    /** Sealed for the erasure. */
    readonly destination: Buffer;
  };
}

export interface Unreadable {
  readonly unreadable: string;
}

const time = z.coerce.number().int().min(0);
const headSchema = z.object({
  v: z.string().regex(/^[0-9a-z]{26}$/),
  q: z.coerce.number().int().min(1),
  t: z.enum(EVENT_TYPES),
  a: time,
  d: z.string(),
});
const erasureHeadSchema = z.object({ v: z.string().regex(/^ers_[0-9a-z]{26}$/), a: time, d: z.string() });
const erasureDataSchema = z.object({ project: text, actor: text.default('api'), request_id: text.default('') });
const dataSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** Reads an entry, or says what is wrong with it. Never throws: what cannot be read must not stop the shard. */
export function readEntry({ position, fields }: StreamEntry): StreamEvent | ErasureEntry | Unreadable {
  const texts = Object.fromEntries(['v', 'q', 't', 'a', 'd'].map((name) => [name, fields[name]?.toString('utf8')]));
  if (texts.t === DESTINATION_ERASED) return readErasure(texts, fields.s);
  const head = headSchema.safeParse(texts);
  if (!head.success) return unreadableField(head.error);
  const data = dataSchema.safeParse(parseJson(head.data.d));
  if (!data.success) return { unreadable: 'data is no flat JSON object' };
  const event = toEvent(head.data.v, head.data.q, head.data.t, head.data.a, data.data);
  if ('unreadable' in event) return event;
  if (event.type !== 'verification.opened') return { position, event, data: data.data };
  if (!fields.s?.length) return { unreadable: 'field s' };
  const context = fields.k?.length ? fields.k : null;
  return { position, event, data: data.data, sealed: { destination: fields.s, context } };
}

function readErasure(texts: Record<string, string | undefined>, sealed: Buffer | undefined): ErasureEntry | Unreadable {
  const head = erasureHeadSchema.safeParse(texts);
  if (!head.success) return unreadableField(head.error);
  const data = erasureDataSchema.safeParse(parseJson(head.data.d));
  if (!data.success) return { unreadable: `data of ${DESTINATION_ERASED}` };
  if (!sealed?.length) return { unreadable: 'field s' };
  const { project, actor, request_id: requestId } = data.data;
  return { erasure: { id: head.data.v, project, actor, requestId, at: head.data.a, destination: sealed } };
}

const unreadableField = ({ issues }: z.ZodError): Unreadable => ({
  unreadable: `field ${issues.map(({ path }) => path.join('.')).join(', ')}`,
});

/** An event from its stored parts. */
export function toEvent(
  verification: string,
  seq: number,
  type: EventType,
  at: number,
  data: VerificationEvent['data'],
): RecordableEvent | Unreadable {
  const known = DATA[type].safeParse(data);
  if (!known.success) return { unreadable: `data of ${type}: ${known.error.issues.map(describeIssue).join(', ')}` };
  return { verification, seq, type, at, data: known.data } as RecordableEvent;
}

/** Names the field and not its value. */
const describeIssue = ({ path, code }: { path: PropertyKey[]; code: string }) => `${path.join('.')} ${code}`;

function parseJson(textOfData: string): unknown {
  try {
    return JSON.parse(textOfData);
  } catch {
    // No JSON: the caller says so.
    return undefined;
  }
}

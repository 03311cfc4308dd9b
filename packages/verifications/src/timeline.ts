import { EVENT_TYPES, type VerificationEvent } from '@watchword/contracts';
import type { RedisConnection } from '@watchword/platform';
import { z } from 'zod';
import type { Owner } from './outcomes.ts';
import { shardKeys } from './shards.ts';
import type { VerificationAddress } from './verification-id.ts';

const PAGE = 500;
/** Without a position to start from; a stream is this long only when recording is far behind. */
const FORGOTTEN_PAGES_MAX = 20;
const eventData = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const eventType = z.enum(EVENT_TYPES);

/** What Redis has of a verification's events. What is missing was recorded: a recorder trims only behind its cursor. */
export interface Tail {
  /** Whether Redis still has the verification itself. */
  readonly isHeld: boolean;
  /** In their order. */
  readonly events: VerificationEvent[];
  /** Whether these are all its events, so that no records are needed. */
  readonly isComplete: boolean;
  /** Whether the stream was too long to be read to its end, so that later events may be missing. */
  readonly isCut: boolean;
}

/**
 * Reads the shard's stream in pages: between a verification's first and last position, or, when Redis has forgotten the
 * verification, all of it up to a bound. Null for another owner's.
 */
export async function readTail(
  redis: RedisConnection,
  { project, mode }: Owner,
  id: string,
  { shard }: VerificationAddress,
): Promise<Tail | null> {
  const keys = shardKeys(shard);
  const [owner, ownMode, first, last, count] = await redis.hmget(keys.verification(id), 'p', 'm', 'f', 'l', 'q');
  const isHeld = Boolean(owner && first && last);
  if (isHeld && (owner !== project || ownMode !== mode)) return null;
  const { events, isCut } = await readStream(redis, keys.events, id, isHeld ? [first as string, last as string] : null);
  const opened = events.find(({ type }) => type === 'verification.opened');
  if (opened && (opened.data.project !== project || opened.data.mode !== mode)) return null;
  return { isHeld, events, isComplete: isHeld && events.length === Number(count), isCut };
}

async function readStream(
  redis: RedisConnection,
  stream: string,
  id: string,
  between: readonly [first: string, last: string] | null,
): Promise<Pick<Tail, 'events' | 'isCut'>> {
  const events: VerificationEvent[] = [];
  const [start, to] = between ?? ['-', '+'];
  let from = start;
  const pagesMax = between === null ? FORGOTTEN_PAGES_MAX : Number.POSITIVE_INFINITY;
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const page = await redis.xrange(stream, from, to, 'COUNT', PAGE);
    for (const [, values] of page) {
      const entry = toEntry(values);
      if (entry.v === id) events.push(toEvent(entry));
    }
    const end = page.at(-1);
    if (end === undefined || page.length < PAGE) return { events, isCut: false };
    from = `(${end[0]}`;
  }
  return { events, isCut: true };
}

function toEntry(values: readonly string[]): Record<string, string> {
  const entry: Record<string, string> = {};
  for (let index = 0; index + 1 < values.length; index += 2)
    entry[values[index] as string] = values[index + 1] as string;
  return entry;
}

function toEvent(entry: Record<string, string>): VerificationEvent {
  return {
    seq: Number(entry.q),
    type: eventType.parse(entry.t),
    at: new Date(Number(entry.a)).toISOString(),
    data: eventData.parse(JSON.parse(entry.d ?? '{}')),
  };
}

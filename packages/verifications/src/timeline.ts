import { EVENT_TYPES, type VerificationEvent } from '@watchword/contracts';
import type { RedisConnection } from '@watchword/platform';
import { z } from 'zod';
import { shardKeys } from './addresses.ts';
import type { VerificationAddress } from './verification-id.ts';

const PAGE = 500;
const eventData = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const eventType = z.enum(EVENT_TYPES);

/** A verification's events, from the shard's stream between its first and last position, read in pages. */
export async function readTimeline(
  redis: RedisConnection,
  project: string,
  id: string,
  { shard }: VerificationAddress,
): Promise<VerificationEvent[] | null> {
  const keys = shardKeys(shard);
  const [owner, first, last] = await redis.hmget(keys.verification(id), 'p', 'f', 'l');
  if (owner !== project || !first || !last) return null;
  const events: VerificationEvent[] = [];
  let from = first;
  for (;;) {
    const page = await redis.xrange(keys.events, from, last, 'COUNT', PAGE);
    for (const [, values] of page) {
      const entry = toEntry(values);
      if (entry.v === id) events.push(toEvent(entry));
    }
    const end = page.at(-1);
    if (end === undefined || page.length < PAGE) return events;
    from = `(${end[0]}`;
  }
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

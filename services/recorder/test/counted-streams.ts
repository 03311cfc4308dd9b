import { createHash, randomBytes } from 'node:crypto';
import { encodeBase32, Secret, singleKeyRing } from '@watchword/platform';
import type { Records } from '@watchword/records';
import { createSealer } from '@watchword/verifications';
import type { StreamEntry } from '../src/domain/stream-event.ts';
import { recountStatistics } from '../src/index.ts';
import { anyFacts } from './lives.ts';

export const ring = singleKeyRing(new Secret(createHash('sha256').update('watchword test').digest()));
export const sealer = createSealer(ring);
export const SHARDS = ['00', '01'];
/** Lives begin half an hour before a day ends, and go on into the next. */
export const MIDNIGHT = Date.parse('2026-02-01T00:00:00Z');

/** What rows of the statistics are of that a test writes itself. */
export const COUNTED_OF = {
  mode: 'test',
  channel: 'sms',
  provider: '',
  country: 'US',
  purpose: 'login',
  template: '',
} as const;

/** Streams of some lives that go on at once, and how many sends they have. */
export function streamsOf(random: () => number, lives: number) {
  const streams = new Map<string, StreamEntry[]>(SHARDS.map((shard) => [shard, []]));
  const sends = new Set<string>();
  for (const stream of streams.values()) {
    const waiting = Array.from({ length: lives }, (_, index) => {
      const id = encodeBase32(randomBytes(16));
      const opened = { project: `p${index % 2}`, mode: 'test', purpose: 'login', country: 'US', checks_max: 3 };
      const at = MIDNIGHT - 1_800_000 + Math.floor(random() * 3_600_000);
      return { id, at, facts: anyFacts(random, { ...opened, code_ttl_ms: 1_000 }, id), next: 0 };
    });
    for (;;) {
      const live = waiting.filter(({ facts, next }) => next < facts.length);
      const one = live[Math.floor(random() * live.length)];
      if (!one) break;
      const [type, data = {}] = one.facts[one.next] ?? [];
      one.next += 1;
      if (type === 'delivery.queued') sends.add(`${one.id} ${data.send ?? data.delivery}`);
      const fields = { v: one.id, q: one.next, t: type, a: one.at + one.next * 20_000, d: JSON.stringify(data) };
      const texts = Object.entries(fields).map(([name, value]) => [name, Buffer.from(String(value))] as const);
      const sealed = one.next === 1 ? [['s', sealer.seal('+14155550123', one.id, 'destination')] as const] : [];
      // Positions whose order is not that of their texts.
      const position = `${MIDNIGHT}-${stream.length + 7}`;
      stream.push({ position, fields: Object.fromEntries([...texts, ...sealed]) });
    }
  }
  return { streams, sends: sends.size };
}

/** What is there and what it must be, without what comes to nothing. */
export async function compareStatistics(records: Records) {
  const { items } = await records.listStatistics(null, 100_000);
  const recount = await recountStatistics({ records });
  const shown = (rows: Iterable<{ readonly counters: Readonly<Record<string, number>> }>) =>
    [...rows].flatMap((row) => {
      const { id: _, positions: __, ...rest } = row as typeof row & { id?: string; positions?: object };
      const counters = Object.fromEntries(Object.entries(rest.counters).filter(([, count]) => count !== 0));
      return Object.keys(counters).length > 0
        ? [JSON.stringify(entriesByName({ ...rest, counters: entriesByName(counters) }))]
        : [];
    });
  return { stored: shown(items).toSorted(), counted: shown(recount.values()).toSorted() };
}

const entriesByName = (of: object) =>
  Object.entries(of).toSorted(([left], [right]) => (left < right ? -1 : 1)) as [string, unknown][];

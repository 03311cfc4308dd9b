import { isDeepStrictEqual } from 'node:util';
import { recountStatistics, replay } from '@watchword/recorder';
import type { EventDocument, RecordedState, Records } from '@watchword/records';
import { type Answer, eventually, type Platform } from '@watchword/testkit';
import { type RedisHash, statedByApi, statedByRecords, statedByRedis } from './stated.ts';

export interface Compared {
  readonly verifications: number;
  readonly events: number;
  /** Each names a verification, what was compared and the fields that differ. */
  readonly differences: readonly string[];
}

export interface Compare {
  readonly platform: Platform;
  readonly records: Records;
  /** Each verification's hash, by its 26 characters. */
  readonly hashes: ReadonlyMap<string, RedisHash>;
  /** What callers were told last, by public id. */
  readonly told: ReadonlyMap<string, string>;
}

const PAGE = 200;
const AT_ONCE = 8;
const SHOWN_MAX = 400;
const STATISTICS_MAX = 100_000;
const ANSWER_WITHIN_MS = 10_000;
const PREFIX = 'ver_';

/**
 * Compares every recorded verification, exactly, with its own events folded anew, with what Redis still says, with what the
 * API answers and with what its caller was told; the three sets of verifications with one another; and what was counted with
 * a recount.
 */
export async function compareRecords(compare: Compare): Promise<Compared> {
  const { records, hashes, told } = compare;
  const differences: string[] = [];
  const recorded = new Set<string>();
  let events = 0;
  let after: Parameters<Records['listVerifications']>[0] = null;
  do {
    const page = await records.listVerifications(after, PAGE);
    const states = await records.readStates(page.items.map(({ id }) => id));
    for (let from = 0; from < page.items.length; from += AT_ONCE) {
      const some = page.items.slice(from, from + AT_ONCE);
      const found = await Promise.all(some.map(({ id }) => compareOne(compare, states.get(id) as RecordedState)));
      differences.push(...found.flatMap((one) => one.differences));
      events += found.reduce((sum, one) => sum + one.events, 0);
    }
    for (const { id } of page.items) recorded.add(id);
    after = page.next;
  } while (after !== null);
  const opened = new Set([...told.keys()].map((id) => id.slice(PREFIX.length)));
  differences.push(
    ...namesMissing('opened, not recorded', opened, recorded),
    ...namesMissing('recorded, not opened', recorded, opened),
    ...namesMissing('in Redis, not recorded', new Set(hashes.keys()), recorded),
    ...namesMissing('recorded, not in Redis', recorded, new Set(hashes.keys())),
    ...(await compareStatistics(records)),
  );
  return { verifications: recorded.size, events, differences };
}

const namesMissing = (what: string, all: ReadonlySet<string>, known: ReadonlySet<string>) =>
  [...all].filter((id) => !known.has(id)).map((id) => `${id}: ${what}`);

async function compareOne({ platform, records, hashes, told }: Compare, stored: RecordedState) {
  const { id } = stored.verification;
  const [events, receipts, view, timeline] = await Promise.all([
    records.readEvents(id),
    records.readReceipts(id),
    whenAnswered(() => platform.call('GET', `/v1/verifications/${PREFIX}${id}`)),
    whenAnswered(() => platform.timeline(PREFIX + id)),
  ]);
  const differences: string[] = [];
  const expectSame = (what: string, left: object | undefined, right: object | undefined) => {
    const fields = fieldsThatDiffer(left ?? {}, right ?? {});
    if (fields.length > 0) differences.push(`${id}: ${what}: ${fields.join(', ')}`.slice(0, SHOWN_MAX));
  };
  const said = statedByRecords(stored);
  expectSame(
    'events are numbered 1..n',
    events.map(({ seq }) => seq),
    events.map((_, index) => index + 1),
  );
  expectSame('stored, folded anew', inOrder(stored), inOrder(replay(events, stored.verification)));
  expectSame('receipts, their events', receipts.map(({ id: of }) => of).toSorted(), receiptIds(events));
  expectSame('stored, Redis', said, statedByRedis(id, hashes.get(id) ?? {}));
  expectSame('stored, the API', said, { ...said, ...statedByApi(view.body) });
  expectSame('recorded events, the timeline', events.map(asShown), timeline.body.events);
  expectSame('stored, what the caller was told', said, {
    ...said,
    status: finalStatus(told.get(PREFIX + id)),
  });
  return { events: events.length, differences };
}

/** A row that was counted to and fro may hold zeros. */
async function compareStatistics(records: Records): Promise<string[]> {
  const recount = await recountStatistics({ records });
  const { items } = await records.listStatistics(null, STATISTICS_MAX);
  const stored = new Map(items.map((row) => [row.id, row.counters]));
  return [...new Set([...recount.keys(), ...stored.keys()])].flatMap((id) => {
    const [left, right] = [stored.get(id), recount.get(id)?.counters].map(withoutZeros);
    const fields = fieldsThatDiffer(left ?? {}, right ?? {});
    return fields.length === 0 ? [] : [`${id}: counted, recounted: ${fields.join(', ')}`.slice(0, SHOWN_MAX)];
  });
}

const withoutZeros = (counters: Readonly<Record<string, number>> = {}) =>
  Object.fromEntries(Object.entries(counters).filter(([, count]) => count !== 0));

/** A busy machine may answer 503. */
const whenAnswered = (ask: () => Promise<Answer>) =>
  eventually('an answer', ANSWER_WITHIN_MS, async () => {
    const answer = await ask();
    return answer.status === 503 ? undefined : answer;
  });

/** Nothing ended it before its code did. */
const finalStatus = (told: string | undefined) => (told === 'pending' ? 'expired' : told);

const asShown = ({ seq, type, at, data }: EventDocument) => ({ seq, type, at: new Date(at).toISOString(), data });

const receiptIds = (events: readonly EventDocument[]) =>
  events.flatMap(({ id, type }) => (type === 'receipt.received' ? [id] : [])).toSorted();

/** Attempts have no order of their own. */
const inOrder = (state: RecordedState | undefined) =>
  state && {
    ...state.verification,
    deliveries: state.deliveries,
    attempts: state.attempts.toSorted((left, right) => (left.id < right.id ? -1 : 1)),
  };

/** Their names, with both values where these are no secrets: none that is compared here is one, but for sealed bytes. */
function fieldsThatDiffer(left: object, right: object): string[] {
  const [a, b] = [new Map(Object.entries(left)), new Map(Object.entries(right))];
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((name) => !isDeepStrictEqual(a.get(name), b.get(name)))
    .map((name) => `${name} ${JSON.stringify(a.get(name))} / ${JSON.stringify(b.get(name))}`);
}

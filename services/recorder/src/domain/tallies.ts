import { STATISTICS_RESOLUTIONS, type StatisticsResolution } from '@watchword/contracts';
import {
  type EmptyTally,
  monthOf,
  quotaTally,
  type RecordedState,
  type ShardTally,
  statisticsTally,
} from '@watchword/records';
import { type Contributions, contributionsOf, differenceOf, type Place, sendOf } from './contributions.ts';

type Delta = ShardTally['deltas'][number];
const NOTHING: Contributions = new Map();

/** What the events of a batch add to statistics and quotas: by document, and by event, so that each counts once. */
export function createTallies() {
  const tallies = new Map<string, ShardTally & { readonly deltas: Delta[] }>();
  const known = new WeakMap<RecordedState, Contributions>();

  /** Of a state that is the end of one event and the beginning of the next. */
  function of(state: RecordedState | undefined): Contributions {
    if (state === undefined) return NOTHING;
    const found = known.get(state) ?? contributionsOf(state);
    known.set(state, found);
    return found;
  }

  function count(empty: EmptyTally, delta: Delta): void {
    const key = `${empty.collection.name} ${empty.id}`;
    const found = tallies.get(key);
    if (found) found.deltas.push(delta);
    else tallies.set(key, { ...empty, deltas: [delta] });
  }

  return {
    /** One event, by what it made of its verification. Events come in the order of their positions. */
    take(position: string, before: RecordedState | undefined, after: RecordedState): void {
      for (const change of differenceOf(of(before), of(after))) {
        for (const row of rowsOf(change.place)) count(statisticsTally(row), { position, counters: change.counters });
      }
      // A quota counts what callers asked for: once, however many channels a send has, or its workflow comes to.
      const counted = new Set(before?.deliveries.map(sendOf));
      for (const delivery of after.deliveries) {
        if (counted.has(sendOf(delivery))) continue;
        counted.add(sendOf(delivery));
        const month = monthOf(delivery.queued_at);
        count(quotaTally(after.verification.project, month), { position, counters: { sends: 1 } });
      }
    },

    result: (): ShardTally[] => [...tallies.values()],
  };
}

/** The rows that something counts in: of its minute and of its day. */
export function rowsOf({ minute, ...dimensions }: Place) {
  const rowOf = (resolution: StatisticsResolution) => {
    const bucket = minute - (minute % STATISTICS_RESOLUTIONS[resolution]);
    return { ...dimensions, resolution, bucket };
  };
  return [rowOf('minute'), rowOf('day')];
}

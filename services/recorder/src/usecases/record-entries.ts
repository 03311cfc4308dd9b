import { isDeepStrictEqual } from 'node:util';
import type { Batch, BlindIndex, EventDocument, PoisonDocument, RecordedState, ShardLease } from '@watchword/records';
import { RecordsRejected } from '@watchword/records';
import { type Sealer, SealKeyMissing } from '@watchword/verifications';
import { applyEvent, receiptOf, type SealedParts } from '../domain/fold.ts';
import { readEntry, type StreamEntry, type StreamEvent } from '../domain/stream-event.ts';
import type { RecordingObserver, RecordStore } from '../ports.ts';

export interface RecordEntriesDeps {
  readonly records: RecordStore;
  readonly sealer: Pick<Sealer, 'unseal'>;
  readonly blindIndex: Pick<BlindIndex, 'of'>;
  readonly observer: RecordingObserver;
  readonly now: () => number;
}

/** A shard's stream entries become records, and its cursor moves behind them, in one write. */
export function createRecordEntries({ records, sealer, blindIndex, observer, now }: RecordEntriesDeps) {
  /**
   * When the database refuses a document, the entries are written one by one and the culprit is set aside, so that no entry
   * stops its shard; `beforeEntry` is awaited before each, since that may outlast a lease. A database that is away throws
   * `RecordsUnavailable`, and all of it is to be tried again.
   */
  return async function recordEntries(
    lease: ShardLease,
    entries: readonly StreamEntry[],
    beforeEntry: () => Promise<void> = async () => undefined,
  ): Promise<'written' | 'fenced'> {
    try {
      return await write(lease, await toBatch(lease.shard, entries));
    } catch (error) {
      if (!(error instanceof RecordsRejected)) throw error;
    }
    observer.batch('refused');
    for (const entry of entries) {
      await beforeEntry();
      if ((await recordAlone(lease, entry)) === 'fenced') return 'fenced';
    }
    return 'written';
  };

  async function recordAlone(lease: ShardLease, entry: StreamEntry): Promise<'written' | 'fenced'> {
    try {
      return await write(lease, await toBatch(lease.shard, [entry]));
    } catch (error) {
      if (!(error instanceof RecordsRejected)) throw error;
      const poison = [toPoison(lease.shard, entry, `refused: ${error.message}`)];
      return write(lease, { ...EMPTY, position: entry.position, poison });
    }
  }

  async function write(lease: ShardLease, batch: Batch): Promise<'written' | 'fenced'> {
    const result = await records.writeBatch(lease, batch);
    observer.batch(result);
    if (result === 'fenced') return result;
    observer.recorded(batch.events.length, batch.poison.length);
    for (const { shard, position, reason } of batch.poison) observer.setAside(shard, position, reason);
    return result;
  }

  async function toBatch(shard: string, entries: readonly StreamEntry[]): Promise<Batch> {
    const read = entries.map((entry) => ({ entry, read: readEntry(entry) }));
    const ids = read.flatMap(({ read: event }) => ('unreadable' in event ? [] : [event.event.verification]));
    const known = await records.readStates([...new Set(ids)]);
    const states = new Map(known);
    const recorded = await readRecorded(
      read.flatMap(({ read: event }) => ('unreadable' in event ? [] : [event])),
      known,
    );
    const events: StreamEvent[] = [];
    const poison: PoisonDocument[] = [];
    for (const { entry, read: event } of read) {
      const reason = 'unreadable' in event ? event.unreadable : take(states, recorded, event);
      if (reason !== undefined) poison.push(toPoison(shard, entry, reason));
      else events.push(event as StreamEvent);
    }
    const changed = [...states].filter(([id, state]) => state !== known.get(id));
    return {
      position: entries.at(-1)?.position ?? '',
      events: events.map(toDocument),
      ...changesOf(changed, known),
      receipts: events.flatMap(({ event }) => (event.type === 'receipt.received' ? [receiptOf(event)] : [])),
      poison,
    };
  }

  /** By id, of the numbers that a state has taken in already: hardly ever any, so hardly ever read. */
  async function readRecorded(
    read: readonly StreamEvent[],
    known: ReadonlyMap<string, RecordedState>,
  ): Promise<Map<string, EventDocument>> {
    const appliedOf = (id: string) => known.get(id)?.verification.applied_seq ?? 0;
    const again = read.filter(({ event }) => event.seq <= appliedOf(event.verification));
    return again.length === 0 ? new Map() : records.findEvents(again.map((event) => toDocument(event).id));
  }

  /** Folds one event into its verification's state; the reason why not, when it cannot be. */
  function take(
    states: Map<string, RecordedState>,
    recorded: Map<string, EventDocument>,
    read: StreamEvent,
  ): string | undefined {
    const { event, sealed } = read;
    const document = toDocument(read);
    // A Redis that lost writes counts on from an older number: dropped without a word, the later event would be gone.
    const other = recorded.get(document.id) ?? document;
    if (!isDeepStrictEqual(other, document)) return 'another event of this number is recorded';
    const before = states.get(event.verification);
    let parts: SealedParts | undefined;
    if (before === undefined && sealed) {
      parts = toSealedParts(event.verification, sealed);
      if (parts === undefined) return 'destination does not open';
    }
    const after = applyEvent(before, event, parts);
    if (after === undefined) return 'nothing is recorded before it';
    states.set(event.verification, after);
    recorded.set(document.id, document);
    return undefined;
  }

  function toSealedParts(id: string, sealed: NonNullable<StreamEvent['sealed']>): SealedParts | undefined {
    try {
      const { key, digest } = blindIndex.of(sealer.unseal(sealed.destination, id, 'destination'));
      return { ...sealed, destination_index: digest, destination_index_key: key };
    } catch (error) {
      // A key that comes with a restart is waited for: recorded now, the destination would never be found.
      if (error instanceof SealKeyMissing && error.toCome) throw error;
      // Sealed under a key that was retired: the destination is lost, and the rest is worth recording.
      if (error instanceof SealKeyMissing) return { ...sealed, destination_index: null, destination_index_key: null };
      return undefined;
    }
  }

  function toPoison(shard: string, { position, fields }: StreamEntry, reason: string): PoisonDocument {
    const id = `${shard}:${position}`;
    return { id, shard, position, fields: readable(fields), reason, set_aside_at: now() };
  }
}

export type RecordEntries = ReturnType<typeof createRecordEntries>;

const EMPTY = { events: [], verifications: [], deliveries: [], attempts: [], receipts: [] };

function changesOf(changed: readonly [string, RecordedState][], known: ReadonlyMap<string, RecordedState>) {
  const isNew = <D>(before: readonly D[] | undefined) => {
    const kept = new Set(before);
    return (document: D) => !kept.has(document);
  };
  return {
    verifications: changed.map(([, { verification }]) => verification),
    deliveries: changed.flatMap(([id, { deliveries }]) => deliveries.filter(isNew(known.get(id)?.deliveries))),
    attempts: changed.flatMap(([id, { attempts }]) => attempts.filter(isNew(known.get(id)?.attempts))),
  };
}

function toDocument({ event: { verification, seq, type, at }, data }: StreamEvent): EventDocument {
  return { id: `${verification}-${seq}`, verification, seq, type, at, data };
}

const POISON_FIELDS_MAX = 32;
const POISON_BYTES_MAX = 4_096;

/** What stood there, for a person to look at: text as it is, bytes as base64, both cut short. */
function readable(fields: StreamEntry['fields']): Record<string, string> {
  const shown = Object.entries(fields).slice(0, POISON_FIELDS_MAX);
  return Object.fromEntries(
    shown.map(([name, value]) => {
      const bytes = value.subarray(0, POISON_BYTES_MAX);
      const text = bytes.toString('utf8');
      return [name.slice(0, 64), Buffer.from(text).equals(bytes) ? text : `base64:${bytes.toString('base64')}`];
    }),
  );
}

import { isDeepStrictEqual } from 'node:util';
import {
  type Batch,
  comparePositions,
  type EventDocument,
  type PoisonDocument,
  type RecordedState,
  type TokenDocument,
} from '@watchword/records';
import { applyEvent, receiptOf, type SealedParts } from '../domain/fold.ts';
import type { StreamEntry, StreamEvent, Unreadable } from '../domain/stream-event.ts';
import { createTallies } from '../domain/tallies.ts';
import type { RecordStore } from '../ports.ts';
import { createIndexSealed, type IndexSealedDeps } from './index-sealed.ts';

export interface BuildBatchDeps extends IndexSealedDeps {
  readonly records: Pick<RecordStore, 'readStates' | 'readCounted' | 'findEvents'>;
  readonly now: () => number;
}

/** An entry and what it was read as. */
export interface ReadEntry {
  readonly entry: StreamEntry;
  readonly read: StreamEvent | Unreadable;
}

/** What a batch of a shard's entries leads to: folded on what is recorded, and nothing is written yet. */
export function createBuildBatch({ records, sealer, blindIndex, now }: BuildBatchDeps) {
  const indexSealed = createIndexSealed({ sealer, blindIndex });

  return async function buildBatch(shard: string, entries: readonly ReadEntry[]): Promise<Batch> {
    const readable = entries.flatMap(({ read }) => ('unreadable' in read ? [] : [read]));
    const known = await records.readStates([...new Set(readable.map(({ event }) => event.verification))]);
    // After the states: whoever wrote one of them has counted its events before.
    const counted = await records.readCounted(shard);
    const fold = { states: new Map(known), recorded: await readRecorded(readable, known) };
    const tallies = createTallies();
    const events: StreamEvent[] = [];
    const poison: PoisonDocument[] = [];
    for (const { entry, read } of entries) {
      const id = 'event' in read ? read.event.verification : '';
      const before = fold.states.get(id);
      const reason = 'unreadable' in read ? read.unreadable : take(fold, read);
      if (reason !== undefined) poison.push(toPoison(shard, entry, reason, now()));
      else {
        events.push(read as StreamEvent);
        const isCounted = counted !== null && comparePositions(entry.position, counted) <= 0;
        if (!isCounted) tallies.take(entry.position, before, fold.states.get(id) as RecordedState);
      }
    }
    const changed = [...fold.states].filter(([id, state]) => state !== known.get(id));
    return {
      position: entries.at(-1)?.entry.position ?? '',
      events: events.map(toDocument),
      ...changesOf(changed, known),
      receipts: events.flatMap(({ event }) => (event.type === 'receipt.received' ? [receiptOf(event)] : [])),
      tokens: events.flatMap((event) => tokenOf(event, fold.states)),
      tallies: tallies.result(),
      poison,
    };
  };

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
  function take({ states, recorded }: Fold, read: StreamEvent): string | undefined {
    const { event, sealed } = read;
    const document = toDocument(read);
    // A Redis that lost writes counts on from an older number: dropped without a word, the later event would be gone.
    const other = recorded.get(document.id) ?? document;
    if (!isDeepStrictEqual(other, document)) return 'another event of this number is recorded';
    const before = states.get(event.verification);
    let parts: SealedParts | undefined;
    if (before === undefined && event.type === 'verification.opened' && sealed) {
      parts = indexSealed(event.verification, event.data.project, sealed);
      if (parts === undefined) return 'destination does not open';
    }
    const after = applyEvent(before, event, parts);
    if (after === undefined) return 'nothing is recorded before it';
    states.set(event.verification, after);
    recorded.set(document.id, document);
    return undefined;
  }
}

interface Fold {
  readonly states: Map<string, RecordedState>;
  readonly recorded: Map<string, EventDocument>;
}

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

/** An approval token's `jti` is the public id of its verification, so each has one. */
function tokenOf({ event }: StreamEvent, states: ReadonlyMap<string, RecordedState>): TokenDocument[] {
  const state = states.get(event.verification);
  if (event.type !== 'token.consumed' || !state) return [];
  const { id: verification, project, purpose } = state.verification;
  return [{ id: `ver_${verification}`, project, verification, purpose, consumed_at: event.at }];
}

export function toPoison(
  shard: string,
  { position, fields }: StreamEntry,
  reason: string,
  setAsideAt: number,
): PoisonDocument {
  return { id: `${shard}:${position}`, shard, position, fields: toReadable(fields), reason, set_aside_at: setAsideAt };
}

const POISON_FIELDS_MAX = 32;
const POISON_BYTES_MAX = 4_096;
/** The sealed destination and context: nobody reads them here, and an erasure would not find them. */
const SEALED_FIELDS: ReadonlySet<string> = new Set(['s', 'k']);

/** What stood there, for a person to look at: text as it is, bytes as base64, both cut short. */
function toReadable(fields: StreamEntry['fields']): Record<string, string> {
  const shown = Object.entries(fields).slice(0, POISON_FIELDS_MAX);
  return Object.fromEntries(
    shown.map(([name, value]) => {
      if (SEALED_FIELDS.has(name)) return [name, `sealed: ${value.length} bytes`];
      const bytes = value.subarray(0, POISON_BYTES_MAX);
      const text = bytes.toString('utf8');
      return [name.slice(0, 64), Buffer.from(text).equals(bytes) ? text : `base64:${bytes.toString('base64')}`];
    }),
  );
}

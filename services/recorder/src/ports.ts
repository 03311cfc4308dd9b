import type { Records } from '@watchword/records';
import type { StreamEntry } from './domain/stream-event.ts';

export type RecordStore = Records;

/** The event streams of the shards in Redis. Shards are named `00` to `63`, as in their keys. */
export interface EventStreams {
  readonly shards: readonly string[];
  /** At most `count` entries behind a position, oldest first. */
  read(shard: string, after: string, count: number): Promise<StreamEntry[]>;
  /** Whether it has an entry behind a position that Redis took in before a time, ms. */
  hasBefore(shard: string, after: string, ms: number): Promise<boolean>;
  /** Deletes everything up to and including a position. */
  trim(shard: string, position: string): Promise<void>;
  /** The position of the oldest entry of any shard. */
  oldest(): Promise<string | undefined>;
}

/** How far the other shards are recorded, whoever has them. */
export interface OtherShards {
  /** Whether one has an entry that came before this shard's entry at a position, and is not recorded. */
  areBehind(shard: string, position: string): Promise<boolean>;
}

/** What Redis still has of verifications. */
export interface Forgetting {
  /** Erases it, by their ids (26 characters), and ends those that are open. May be repeated. */
  forget(ids: readonly string[]): Promise<unknown>;
}

/** Is told what the recording comes to; must not throw. */
export interface RecordingObserver {
  recorded(events: number, poison: number): void;
  batch(result: 'written' | 'fenced' | 'refused' | 'unavailable'): void;
  /** Set aside: ids and reason, never its fields. */
  setAside(shard: string, position: string, reason: string): void;
  /** A round failed: the first of a row, or the end of the row. */
  failing(error: unknown): void;
  recovered(): void;
}

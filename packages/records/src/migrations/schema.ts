import type { Collection } from '../collection.ts';
import { COLLECTIONS, SCHEMA_VERSION, verifications } from '../collections.ts';
import { type MigrationStep, stepsBetween } from './steps.ts';
import { VERSION_1 } from './version-1.ts';
import { VERSION_2, VERSION_2_VERIFICATIONS } from './version-2.ts';
import { VERSION_3 } from './version-3.ts';

export interface Schema {
  readonly version: number;
  readonly collections: readonly Collection[];
  /** What leads to each version from the one before it; the first leads to 2. */
  readonly migrations: readonly (() => readonly MigrationStep[])[];
}

/** What has one, or none, as a list of it. */
const allOf = (one: unknown): unknown[] => (one === null ? [] : [one]);

/** What this Watchword works with. */
export const CURRENT: Schema = {
  version: SCHEMA_VERSION,
  collections: COLLECTIONS,
  migrations: [
    () => [
      ...stepsBetween(VERSION_1, VERSION_2),
      {
        kind: 'change documents',
        collection: VERSION_2_VERIFICATIONS,
        what: 'Naming the key of each sealed destination',
        change: ({ seal_key, destination }) =>
          seal_key === null && destination instanceof Uint8Array && destination.length > 0
            ? { seal_key: destination[0] }
            : null,
      },
    ],
    // Several addresses of a verification, several deliveries of a send; what is stored has one of each, and null says so.
    () => stepsBetween(VERSION_2, VERSION_3),
    // Every delivery's channel and provider; of what is stored, the newest's are known.
    () => [
      ...stepsBetween(VERSION_3, COLLECTIONS),
      {
        kind: 'change documents',
        collection: verifications,
        what: 'Listing channels and providers',
        change: ({ channel, channels, provider, providers }) =>
          channels === null || providers === null
            ? { channels: channels ?? allOf(channel), providers: providers ?? allOf(provider) }
            : null,
      },
    ],
  ],
};

/** The steps from a version to the newest, in their order. */
export const stepsFrom = (version: number, { migrations }: Schema): MigrationStep[] =>
  migrations.slice(version - 1).flatMap((steps) => steps());

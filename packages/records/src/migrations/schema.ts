import type { Collection } from '../collection.ts';
import { COLLECTIONS, SCHEMA_VERSION, verifications } from '../collections.ts';
import { type MigrationStep, stepsBetween } from './steps.ts';
import { VERSION_1 } from './version-1.ts';

export interface Schema {
  readonly version: number;
  readonly collections: readonly Collection[];
  /** What leads to each version from the one before it; the first leads to 2. */
  readonly migrations: readonly (() => readonly MigrationStep[])[];
}

/** What this Watchword works with. */
export const CURRENT: Schema = {
  version: SCHEMA_VERSION,
  collections: COLLECTIONS,
  migrations: [
    () => [
      ...stepsBetween(VERSION_1, COLLECTIONS),
      {
        kind: 'change documents',
        collection: verifications,
        what: 'Naming the key of each sealed destination',
        change: ({ seal_key, destination }) =>
          seal_key === null && destination instanceof Uint8Array && destination.length > 0
            ? { seal_key: destination[0] }
            : null,
      },
    ],
  ],
};

/** The steps from a version to the newest, in their order. */
export const stepsFrom = (version: number, { migrations }: Schema): MigrationStep[] =>
  migrations.slice(version - 1).flatMap((steps) => steps());

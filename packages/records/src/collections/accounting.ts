import type { Mode } from '@watchword/contracts';
import { type DocumentOf, defineCollection, integer, json, optional, text } from '../collection.ts';

// What is counted, once, although events are read again: `positions` says by shard up to where a document has counted.

const counting = {
  /** By shard: the position of the last event that it has taken in. */
  positions: json<Readonly<Record<string, string>>>(),
  counters: json<Readonly<Record<string, number>>>(),
};

/** What became of the deliveries queued in a minute or a day (UTC). */
export const statistics = defineCollection(
  'statistics',
  {
    resolution: text<'minute' | 'day'>(),
    /** The start of the minute or the day, ms since the epoch. */
    bucket: integer(),
    project: text(),
    mode: text<Mode>(),
    channel: text(),
    provider: text(),
    country: text(),
    purpose: text(),
    template: text(),
    ...counting,
  },
  [
    ['project', 'resolution', 'bucket'],
    ['resolution', 'bucket'],
  ],
);

/** Sends of a project in a month. Id: `<project>:<month>`. */
export const quotas = defineCollection('quotas', { project: text(), month: text(), ...counting }, [['month']]);

/** Why something was sent or not. */
export const decisions = defineCollection(
  'decisions',
  {
    project: text(),
    verification: optional(text()),
    rule: text(),
    decision: text<'allowed' | 'refused' | 'recorded'>(),
    reason: text(),
    country: optional(text()),
    at: integer(),
  },
  [['project', 'at'], ['at']],
);

/** Approval tokens that were consumed. Id: the `jti`. */
export const tokens = defineCollection(
  'tokens',
  { project: text(), verification: text(), purpose: text(), consumed_at: integer() },
  [['consumed_at'], ['verification']],
);

export type StatisticsDocument = DocumentOf<typeof statistics>;
export type QuotaDocument = DocumentOf<typeof quotas>;
export type TokenDocument = DocumentOf<typeof tokens>;

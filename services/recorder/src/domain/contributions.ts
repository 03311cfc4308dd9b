import { latencyCounter, STATISTICS_RESOLUTIONS, type StatisticsCounter } from '@watchword/contracts';
import type { AttemptDocument, DeliveryDocument, RecordedState } from '@watchword/records';

/** Where something counts: a row of the statistics, but for its resolution. */
export interface Place {
  readonly project: string;
  readonly mode: RecordedState['verification']['mode'];
  readonly channel: string;
  /** Empty while no provider was tried. */
  readonly provider: string;
  readonly country: string;
  readonly purpose: string;
  /** Empty when the attempt does not say. */
  readonly template: string;
  /** The start of the minute in which the delivery was queued, ms since the epoch. */
  readonly minute: number;
}

export interface Contribution {
  readonly place: Place;
  readonly counters: Record<string, number>;
}

/** By place. */
export type Contributions = ReadonlyMap<string, Contribution>;

/**
 * What one verification adds to the statistics as it stands: a pure function of its state, so that the difference before and
 * after an event is what that event adds, and the sum over all verifications is what the statistics must say.
 *
 * - An attempt counts once it is settled and a provider was called, or may have been (its worker died): in the minute in which
 *   its delivery was queued, under its provider and template. What came of attempts that called nobody (each circuit was
 *   open, a key was missing) shows in `verifications` without a provider.
 * - A verification counts once, where of its newest send's deliveries the one is that got furthest (arrived, else taken; of
 *   equals the newest): under the provider that took that, else the last that was tried, else none. It is approved in the same
 *   place; so a conversion is a share in any grouping.
 */
export function contributionsOf({ verification, deliveries, attempts }: RecordedState): Contributions {
  const found = new Map<string, Contribution>();
  const { project, mode, country, purpose, status } = verification;

  function at({ channel, queued_at }: DeliveryDocument, attempt: AttemptDocument | undefined): Contribution {
    const provider = attempt?.provider ?? '';
    const template = attempt?.template ?? '';
    const minute = queued_at - (queued_at % STATISTICS_RESOLUTIONS.minute);
    const key = `${minute} ${channel} ${provider} ${template}`;
    const known = found.get(key);
    if (known) return known;
    const place = { project, mode, channel, provider, country, purpose, template, minute };
    const fresh: Contribution = { place, counters: {} };
    found.set(key, fresh);
    return fresh;
  }

  for (const delivery of deliveries) {
    for (const attempt of attempts) {
      if (attempt.delivery === delivery.id && hasCalled(attempt))
        countAttempt(at(delivery, attempt), delivery, attempt);
    }
  }
  const credited = creditedDelivery(deliveries);
  if (credited !== undefined) {
    const place = at(credited, creditedAttempt(credited, attempts));
    count(place, 'verifications');
    if (status === 'approved') count(place, 'approved');
  }
  return found;
}

const COUNTER_OF_OUTCOME = {
  accepted: 'accepted',
  rejected: 'rejected',
  transient: 'failed',
  unknown: 'unknown',
} as const satisfies Record<string, StatisticsCounter>;

const hasCalled = ({ outcome, provider }: AttemptDocument) =>
  outcome !== null && (provider !== null || outcome === 'unknown');

function countAttempt(to: Contribution, { queued_at }: DeliveryDocument, attempt: AttemptDocument): void {
  const { outcome, settled_at, delivered_at, receipt, cost_micros } = attempt;
  if (outcome === null || settled_at === null) return;
  count(to, 'sent');
  count(to, COUNTER_OF_OUTCOME[outcome]);
  if (outcome === 'accepted') count(to, latencyCounter('accepted_ms', settled_at - queued_at));
  if (cost_micros) count(to, 'cost_micros', cost_micros);
  if (delivered_at !== null) {
    count(to, 'delivered');
    count(to, latencyCounter('delivered_ms', delivered_at - queued_at));
  } else if (receipt === 'undelivered') {
    count(to, 'undelivered');
  }
}

/** The number of the send that a delivery is of. */
export const sendOf = ({ send, ordinal }: DeliveryDocument): number => send ?? ordinal;

const PROGRESS: Readonly<Partial<Record<DeliveryDocument['status'], number>>> = { accepted: 1, delivered: 2, read: 2 };

/** The delivery that a verification is put down to: whatever a workflow began before one that got further is not its merit. */
function creditedDelivery(deliveries: readonly DeliveryDocument[]): DeliveryDocument | undefined {
  const newest = deliveries.at(-1);
  const ofNewestSend = deliveries.filter((one) => newest && sendOf(one) === sendOf(newest));
  const progressOf = ({ status }: DeliveryDocument) => PROGRESS[status] ?? 0;
  return ofNewestSend.toSorted((one, other) => progressOf(one) - progressOf(other)).at(-1);
}

/** The attempt that a delivery's outcome is put down to. */
function creditedAttempt({ id }: DeliveryDocument, attempts: readonly AttemptDocument[]): AttemptDocument | undefined {
  const called = attempts.filter((attempt) => attempt.delivery === id && hasCalled(attempt));
  return called.findLast(({ outcome }) => outcome === 'accepted') ?? called.at(-1);
}

function count({ counters }: Contribution, name: string, amount = 1): void {
  counters[name] = (counters[name] ?? 0) + amount;
}

/** What the second has more than the first; what they agree in is left out. */
export function differenceOf(before: Contributions, after: Contributions): Contribution[] {
  const changes: Contribution[] = [];
  for (const [key, { place, counters }] of after) {
    const change = subtract(counters, before.get(key)?.counters ?? {});
    if (change) changes.push({ place, counters: change });
  }
  for (const [key, { place, counters }] of before) {
    const change = after.has(key) ? undefined : subtract({}, counters);
    if (change) changes.push({ place, counters: change });
  }
  return changes;
}

/** Undefined when nothing is left. */
function subtract(
  from: Readonly<Record<string, number>>,
  what: Readonly<Record<string, number>>,
): Record<string, number> | undefined {
  const left: Record<string, number> = {};
  for (const name of new Set([...Object.keys(from), ...Object.keys(what)])) {
    const amount = (from[name] ?? 0) - (what[name] ?? 0);
    if (amount !== 0) left[name] = amount;
  }
  return Object.keys(left).length > 0 ? left : undefined;
}

import { STATISTICS_RESOLUTIONS, type StatisticsResolution, type StatisticsTime } from '@watchword/contracts';
import { refuseField } from './refusals.ts';

/** Longer ones are read by the day. */
const MINUTES_RANGE_MAX_MS = 48 * 3_600_000;
const RANGE_MS = 24 * 3_600_000;

export interface StatisticsRange {
  readonly resolution: StatisticsResolution;
  /** ms; whole minutes or days, `to` not included. */
  readonly from: number;
  readonly to: number;
}

/**
 * What to read for a range that was asked for, `now` being its end and a day its length unless it says otherwise: minutes
 * where they are needed and few enough, else days, to which its ends are widened. @throws AppError `invalid_request`
 */
export function chooseRange(
  asked: { readonly from?: number | undefined; readonly to?: number | undefined },
  time: StatisticsTime | undefined,
  now: number,
): StatisticsRange {
  const to = asked.to ?? now;
  const from = asked.from ?? to - RANGE_MS;
  if (from >= to) throw refuseField('invalid_request', '/from', 'must lie in the past when there is no to');
  const isShort = to - from <= MINUTES_RANGE_MAX_MS;
  const byMinute = time === 'minute' || time === 'hour';
  if (byMinute && !isShort) {
    throw refuseField(
      'invalid_request',
      '/group_by',
      `a range by ${time} has at most 48 hours: shorten it, or take day`,
    );
  }
  const { day } = STATISTICS_RESOLUTIONS;
  // A day that is not over yet has nothing behind now.
  const isWholeDays = from % day === 0 && (to % day === 0 || to >= now);
  const resolution = byMinute || (isShort && !isWholeDays) ? 'minute' : 'day';
  const step = STATISTICS_RESOLUTIONS[resolution];
  return { resolution, from: Math.floor(from / step) * step, to: Math.ceil(to / step) * step };
}

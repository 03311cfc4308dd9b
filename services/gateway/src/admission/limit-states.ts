import type { LimitState, SendLimits } from '../ports.ts';

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3_600;

/** As the admission script tells them: of project, user and address what is left and the seconds to the reset; the quota's rest. */
type ToldStates = readonly [number, number, number, number, number, number, number];

/** The limits that a call falls under; those of a script's -1 do not apply. */
export function readLimits(limits: SendLimits, told: ToldStates, nowMs: number): readonly LimitState[] {
  const [projectLeft, projectReset, userLeft, userReset, ipLeft, ipReset, quotaLeft] = told;
  const states: LimitState[] = [];
  const add = (state: LimitState) => {
    if (state.remaining >= 0) states.push(state);
  };
  add({
    name: 'project_sends',
    max: limits.projectSendsPerHour,
    windowSeconds: HOUR_SECONDS,
    remaining: projectLeft,
    resetSeconds: projectReset,
  });
  add({
    name: 'user_sends',
    max: limits.userSendsPerMinute,
    windowSeconds: MINUTE_SECONDS,
    remaining: userLeft,
    resetSeconds: userReset,
  });
  add({
    name: 'ip_sends',
    max: limits.ipSendsPerHour,
    windowSeconds: HOUR_SECONDS,
    remaining: ipLeft,
    resetSeconds: ipReset,
  });
  if (limits.monthlySends !== null) {
    add({
      name: 'monthly_sends',
      max: limits.monthlySends,
      windowSeconds: secondsOfMonth(nowMs),
      remaining: quotaLeft,
      resetSeconds: secondsLeftOfMonth(nowMs),
    });
  }
  return states;
}

/** Until the calendar month (UTC) ends, at least 1. */
export function secondsLeftOfMonth(nowMs: number): number {
  return Math.max(Math.ceil((startOfMonth(nowMs, 1) - nowMs) / 1000), 1);
}

const secondsOfMonth = (nowMs: number) => (startOfMonth(nowMs, 1) - startOfMonth(nowMs, 0)) / 1000;

function startOfMonth(nowMs: number, offset: 0 | 1): number {
  const now = new Date(nowMs);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset);
}

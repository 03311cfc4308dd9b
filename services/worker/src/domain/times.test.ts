import { readFileSync } from 'node:fs';
import { CIRCUIT_DEFAULTS } from '@watchword/delivery';
import { CONSUMER_TIMES, parseEnvironment } from '@watchword/platform';
import { describe, expect, test } from 'vitest';
import { workerVariables } from '../config.ts';
import { jobMaxMsOf, leaseOf, SETTLE_GIVE_UP_MS, SETTLE_MARGIN_MS, SLOT_WAIT_MS } from './times.ts';

const key = 'A'.repeat(43);
const shipped = parseEnvironment(workerVariables, { REDIS_URL: 'redis://127.0.0.1:1', SEAL_KEY: key, ID_KEY: key });
/** No claim is granted for a code that lives for less. */
const prelude = new URL('../../../../packages/verifications/lua/prelude.lua', import.meta.url);
const [, leastLifeSeconds] = /^local LEAST_LIFE_MS = (\d+) \* 1000$/m.exec(readFileSync(prelude, 'utf8')) ?? [];
const leastLifeMs = Number(leastLifeSeconds) * 1_000;
const providerMs = shipped.PROVIDER_TIMEOUT_MS;
const { lockMs, stalledCheckMs, stuckAfterMs } = CONSUMER_TIMES;

describe('the times of a delivery lie behind one another, as they are shipped', () => {
  test.each([
    ['a turn that is waited for', SLOT_WAIT_MS, 'the margin of a lease', SETTLE_MARGIN_MS],
    ['a look for dead jobs', stalledCheckMs, 'the lock of a live one', lockMs],
    ['a slow call', CIRCUIT_DEFAULTS.slowMs, 'the longest call', providerMs],
    ['the longest call', providerMs, 'the lease', leaseOf(providerMs)],
    ['the lease', leaseOf(providerMs), 'the least life of a code that is sent', leastLifeMs],
    ['the return of a dead worker’s jobs', lockMs + 2 * stalledCheckMs, 'a stuck consumer', stuckAfterMs],
    ['one attempt, settled late', leaseOf(providerMs) + SETTLE_GIVE_UP_MS, 'a stuck job', jobMaxMsOf(1, providerMs)],
    ['the lease', leaseOf(providerMs), 'the end that a worker is given', shipped.STOP_GRACE_SECONDS * 1_000],
  ])('%s (%i ms) before %s (%i ms)', (_shorter, shorterMs, _longer, longerMs) => {
    expect(shorterMs).toBeLessThan(longerMs);
  });

  test.each([100, 60_000])('a lease outlives a call of at most %i ms by its margin', (timeoutMs) => {
    expect(leaseOf(timeoutMs)).toBe(timeoutMs + SETTLE_MARGIN_MS);
  });
});

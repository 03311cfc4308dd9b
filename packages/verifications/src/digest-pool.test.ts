import { expect, test } from 'vitest';
import { createDigestPool, digestsAtATime } from './digest-pool.ts';

const DEADLINE = 1_000;
let now = 0;
const clock = { now: () => now, serverNow: () => now };
const stillWanted = () => false;
const settled = () => new Promise(setImmediate);

/** A pool whose digests end when the test says so. */
function start(bounds: { concurrency: number; waitingMax: number }) {
  now = 0;
  const pool = createDigestPool({ clock, stopwatch: clock.now, ...bounds });
  const running: (() => void)[] = [];
  const digest = () => new Promise<string>((resolve) => running.push(() => resolve('made')));
  const run = (isMoot = stillWanted) =>
    pool.run(DEADLINE, isMoot, digest).then(
      (made) => made,
      ({ code }: { code: string }) => code,
    );
  /** Ends the digest that runs longest. */
  async function endOne(): Promise<void> {
    await settled();
    running.shift()?.();
    await settled();
  }
  return { pool, running, run, endOne };
}

test('never more run at a time than allowed, and who comes past the bound on waiting is refused at once', async () => {
  const { pool, running, run, endOne } = start({ concurrency: 2, waitingMax: 3 });
  const results = Array.from({ length: 10 }, () => run());
  expect(await Promise.all(results.slice(5))).toEqual(Array.from({ length: 5 }, () => 'unavailable'));
  expect(pool.figures()).toEqual({ running: 2, waiting: 3, refused: 5 });
  for (let ended = 0; ended < 5; ended += 1) {
    expect(running.length).toBe(Math.min(2, 5 - ended));
    await endOne();
  }
  expect(await Promise.all(results.slice(0, 5))).toEqual(Array.from({ length: 5 }, () => 'made'));
  expect(pool.figures()).toEqual({ running: 0, waiting: 0, refused: 5 });
});

test('who would not be done before their deadline is refused at once; an idle pool takes whoever comes', async () => {
  const { pool, run, endOne } = start({ concurrency: 2, waitingMax: 1_000 });
  const first = run();
  await settled();
  now = 100;
  await endOne();
  expect(await first).toBe('made');
  // One takes 100 ms, two run at a time, 840 ms may be used: 14 that wait end in time, the next would not.
  const results = Array.from({ length: 30 }, () => run());
  expect(pool.figures()).toEqual({ running: 2, waiting: 14, refused: 14 });
  expect(await Promise.all(results.slice(16))).toEqual(Array.from({ length: 14 }, () => 'unavailable'));
  for (let ended = 0; ended < 16; ended += 1) await endOne();
  now = DEADLINE - 1;
  const last = run();
  await endOne();
  expect(await last).toBe('made');
});

test('at its turn, nobody is served whose deadline has passed or whose answer is known without', async () => {
  const { running, run, endOne } = start({ concurrency: 1, waitingMax: 10 });
  const results = [run(), run(() => true), run()];
  await settled();
  now = DEADLINE + 1;
  await endOne();
  expect(await Promise.all(results)).toEqual(['made', undefined, 'unavailable']);
  expect(running).toHaveLength(0);
});

test('the dearer a digest, the fewer at a time, down to one for each core', () => {
  expect([8, 1_024, 4_096, 19_456, 65_536].map((kib) => digestsAtATime(kib, 2))).toEqual([32, 32, 16, 3, 2]);
});

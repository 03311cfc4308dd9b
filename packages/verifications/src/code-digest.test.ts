import { randomBytes } from 'node:crypto';
import { Secret, singleKeyRing } from '@watchword/platform';
import { expect, test } from 'vitest';
import { createCodeDigests } from './code-digest.ts';

const clock = { now: () => 1_000, serverNow: () => 1_000 };
const cheap = { memoryKib: 8, pepper: 1 };
const create = (bounds: { concurrency: number; waitingMax: number }, pepper = new Secret(randomBytes(32))) =>
  createCodeDigests({ peppers: singleKeyRing(pepper), clock, ...bounds });

test('a digest depends on the code, the id, the cost and the pepper', async () => {
  const digests = create({ concurrency: 2, waitingMax: 10 });
  const digest = await digests.digest('123456', 'id', cheap, 2_000);
  expect(digest).toHaveLength(32);
  expect(await digests.digest('123456', 'id', cheap, 2_000)).toEqual(digest);
  expect(await digests.digest('123457', 'id', cheap, 2_000)).not.toEqual(digest);
  expect(await digests.digest('123456', 'other', cheap, 2_000)).not.toEqual(digest);
  expect(await digests.digest('123456', 'id', { memoryKib: 16, pepper: 1 }, 2_000)).not.toEqual(digest);
  expect(await create({ concurrency: 1, waitingMax: 1 }).digest('123456', 'id', cheap, 2_000)).not.toEqual(digest);
});

test('past the bound on waiting digests the rest is refused at once, and the pool recovers', async () => {
  const digests = create({ concurrency: 1, waitingMax: 3 });
  const settled = await Promise.allSettled(
    Array.from({ length: 10 }, (_, index) => digests.digest(String(index), 'id', cheap, 2_000)),
  );
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
  for (const result of settled.slice(4)) expect(result).toMatchObject({ reason: { code: 'unavailable' } });
  await expect(digests.digest('1', 'id', cheap, 2_000)).resolves.toHaveLength(32);
});

test('nothing is hashed for a caller whose deadline has passed', async () => {
  const digests = create({ concurrency: 1, waitingMax: 3 });
  await expect(digests.digest('1', 'id', cheap, 999)).rejects.toMatchObject({ code: 'unavailable' });
});

test('what has become moot while it waited is not hashed', async () => {
  const digests = create({ concurrency: 1, waitingMax: 3 });
  const [first, second] = await Promise.all([
    digests.digest('1', 'id', cheap, 2_000),
    digests.digest('2', 'id', cheap, 2_000, () => true),
  ]);
  expect([first.length, second.length]).toEqual([32, 0]);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness, wrongCode } from './harness.ts';
import { createTwoCallJudge } from './two-call-judge.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

type Judge = (id: string, code: string) => Promise<{ result: string }>;

async function raceWrongGuesses(judge: Judge) {
  const sent = await harness.open();
  const code = await harness.codeOf(sent.deliveryId);
  const guesses = await Promise.all(Array.from({ length: 1_000 }, () => judge(sent.id, wrongCode(code))));
  const judged = guesses.filter(({ result }) => result === 'incorrect').length;
  const others = new Set(guesses.map(({ result }) => result).filter((result) => result !== 'incorrect'));
  return { judged, others: [...others], right: (await judge(sent.id, code)).result };
}

async function raceRightGuesses(judge: Judge) {
  const sent = await harness.open();
  const code = await harness.codeOf(sent.deliveryId);
  const guesses = await Promise.all(Array.from({ length: 100 }, () => judge(sent.id, code)));
  return guesses.filter(({ result }) => result === 'approved').length;
}

const threeJudged = { judged: 3, others: ['exhausted'], right: 'exhausted' };

test('of 1000 wrong guesses that race exactly 3 are judged, and the right one after them is refused', async () => {
  expect(await raceWrongGuesses(harness.judge)).toEqual(threeJudged);
});

test('of 100 right guesses that race exactly one approves', async () => {
  expect(await raceRightGuesses(harness.judge)).toBe(1);
});

test('both races catch a build in which counting and comparing are two calls', async () => {
  expect(await raceWrongGuesses(createTwoCallJudge(harness, 1_000))).not.toEqual(threeJudged);
  expect(await raceRightGuesses(createTwoCallJudge(harness, 100))).toBeGreaterThan(1);
});

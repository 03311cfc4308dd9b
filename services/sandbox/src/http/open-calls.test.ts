import { expect, it } from 'vitest';
import { createOpenCalls, delayCall } from './open-calls.ts';

const HOUR_MS = 3_600_000;

it('ends a call too many at once, and takes another when one has ended', () => {
  const calls = createOpenCalls({ callsMax: 2 });
  const ended: string[] = [];
  const open = (name: string) => calls.add(() => ended.push(name));
  const leave = open('first');
  open('second');
  open('third');
  expect(ended).toEqual(['third']);
  leave();
  open('fourth');
  expect(ended).toEqual(['third']);
  calls.endAll();
  expect(ended.toSorted()).toEqual(['fourth', 'second', 'third']);
});

it('ends all when it closes, and each later one at once', async () => {
  const calls = createOpenCalls();
  const delayed = delayCall(calls, HOUR_MS);
  calls.endAll();
  await expect(delayed).resolves.toBeUndefined();
  await expect(delayCall(calls, HOUR_MS)).resolves.toBeUndefined();
});

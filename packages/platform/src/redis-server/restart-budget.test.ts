import { expect, it } from 'vitest';
import { createRestartBudget } from './restart-budget.ts';

it('allows as many restarts as the window holds, and more once the first have left it', () => {
  let at = 0;
  const budget = createRestartBudget({ restartsMax: 2, windowMs: 1_000, now: () => at });
  expect([budget.spend(), budget.spend(), budget.spend()]).toEqual([true, true, false]);
  at = 1_000;
  expect([budget.spend(), budget.spend(), budget.spend()]).toEqual([true, true, false]);
});

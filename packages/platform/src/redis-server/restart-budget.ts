/** Bounds how often something is started again: `spend` answers whether one more start within the window is allowed. */
export interface RestartBudget {
  spend(): boolean;
}

export interface RestartBudgetOptions {
  readonly restartsMax: number;
  readonly windowMs: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

export function createRestartBudget({ restartsMax, windowMs, now }: RestartBudgetOptions): RestartBudget {
  let spent: number[] = [];
  return {
    spend() {
      const at = now();
      spent = spent.filter((earlier) => at - earlier < windowMs);
      if (spent.length >= restartsMax) return false;
      spent.push(at);
      return true;
    },
  };
}

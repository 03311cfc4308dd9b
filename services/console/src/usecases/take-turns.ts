export type TakeTurns = ReturnType<typeof createTakeTurns>;

/** Whose turn it is to delete a plan, or to give one to a project. */
export const PLANS = 'plans';

/** One change of a project after another, so that what a change has checked still holds when it is written. */
export function createTakeTurns() {
  const last = new Map<string, Promise<unknown>>();

  return async function takeTurns<T>(project: string, work: () => Promise<T>): Promise<T> {
    const before = last.get(project) ?? Promise.resolve();
    const turn = before.then(work, work);
    last.set(project, turn);
    try {
      return await turn;
    } finally {
      if (last.get(project) === turn) last.delete(project);
    }
  };
}

/** Clean-ups run last in, first out; one that fails does not keep the others from running. */
export interface Disposer {
  add(cleanUp: () => unknown): void;
  dispose(): Promise<void>;
}

/** Runs a composition; when it fails, what it had made so far is undone. */
export async function withDisposer<T>(compose: (disposer: Disposer) => Promise<T>): Promise<T> {
  const disposer = createDisposer();
  try {
    return await compose(disposer);
  } catch (error) {
    await disposer.dispose();
    throw error;
  }
}

export function createDisposer(): Disposer {
  const cleanUps: (() => unknown)[] = [];
  return {
    add: (cleanUp) => {
      cleanUps.push(cleanUp);
    },
    async dispose() {
      const failures: unknown[] = [];
      for (let cleanUp = cleanUps.pop(); cleanUp; cleanUp = cleanUps.pop()) {
        try {
          await cleanUp();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'Clean-up failed');
    },
  };
}

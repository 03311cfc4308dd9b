/** Clean-ups run last in, first out; one that fails does not keep the others from running. */
export interface Disposer {
  add(cleanUp: () => unknown): void;
  dispose(): Promise<void>;
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

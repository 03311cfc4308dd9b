/** Clean-ups run last in, first out; one that fails does not keep the others from running. */
export interface Disposer {
  /** `what` says what the clean-up waits for, for the line that names what did not end in time. */
  add(cleanUp: () => unknown, what?: string | (() => string | undefined)): void;
  /** Runs after all others, whenever it was added: for what shows how the others end. */
  addLast(cleanUp: () => unknown, what?: string): void;
  isDisposing(): boolean;
  dispose(): Promise<void>;
  /** What `dispose` waits for now. */
  pending(): string | undefined;
}

interface CleanUp {
  readonly run: () => unknown;
  readonly what: string | (() => string | undefined) | undefined;
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
  const cleanUps: CleanUp[] = [];
  let running: CleanUp | undefined;
  let isDisposing = false;
  return {
    add: (run, what) => {
      cleanUps.push({ run, what });
    },
    addLast: (run, what) => {
      cleanUps.unshift({ run, what });
    },
    isDisposing: () => isDisposing,
    async dispose() {
      isDisposing = true;
      const failures: unknown[] = [];
      for (running = cleanUps.pop(); running; running = cleanUps.pop()) {
        try {
          await running.run();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'Clean-up failed');
    },
    pending: () => (typeof running?.what === 'function' ? running.what() : running?.what),
  };
}

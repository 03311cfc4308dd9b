import { EventEmitter } from 'node:events';
import { expect, test, vi } from 'vitest';
import { events } from '../src/collections.ts';
import { openSqliteStore } from '../src/sqlite/sqlite-store.ts';
import { RecordsUnavailable } from '../src/store.ts';

interface Asked {
  id: number;
  kind: string;
}

const threads: Thread[] = [];
vi.mock('node:worker_threads', () => ({
  Worker: function Worker() {
    const thread = new Thread();
    threads.push(thread);
    return thread;
  },
}));

/** A thread whose reads are answered when the test says so. */
class Thread extends EventEmitter {
  readonly asked: Asked[] = [];
  unref(): void {}
  async terminate(): Promise<void> {}
  postMessage(asked: Asked): void {
    this.asked.push(asked);
    if (asked.kind !== 'read') this.answer(asked);
  }
  answer({ id }: Asked): void {
    queueMicrotask(() => this.emit('message', { id, rows: [], changes: [] }));
  }
}

test('a thread that failed ends without taking the calls of its successor with it', async () => {
  const store = await openSqliteStore({ file: 'none.db' });
  const [failed] = threads;
  const lost = store.find(events, { limit: 1 });
  failed?.emit('error', new Error('out of memory'));
  await expect(lost).rejects.toThrow(RecordsUnavailable);

  const kept = store.find(events, { limit: 1 });
  failed?.emit('exit', 1);
  const [, successor] = threads;
  const [asked] = successor?.asked ?? [];
  if (asked) successor?.answer(asked);
  expect(await kept).toEqual([]);
  expect(threads).toHaveLength(2);
  await store.close();
});

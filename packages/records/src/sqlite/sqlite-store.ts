import { Worker } from 'node:worker_threads';
import { StartupError } from '@watchword/platform';
import { checkChange, checkDocument, checkWhere, checkWrite } from '../check-document.ts';
import type { Collection, DocumentOf } from '../collection.ts';
import { CURRENT, type Schema } from '../migrations/schema.ts';
import { type Query, RecordsConflict, RecordsRejected, RecordsUnavailable, type Store, type Write } from '../store.ts';
import type { Reply, Request, Step, ThreadOptions } from './sqlite-thread.ts';
import {
  count,
  countBy,
  decode,
  deleteSome,
  explained,
  indexOfPlan,
  insert,
  replaceIf,
  type SqlValue,
  select,
  tally,
  update,
  valueAt,
} from './statements.ts';
import { createTable } from './tables.ts';

export interface SqliteOptions {
  readonly file: string;
  /** The longest that anything but counting may take; a part of it may be spent waiting for another process' lock. */
  readonly answerWithinMs?: number;
  readonly schema?: Schema;
}

const ANSWER_WITHIN_MS = 1_000;
const BUSY_MS_MAX = 500;
const OPEN_WITHIN_MS = 5_000;
const COUNT_WITHIN_MS = 20_000;

/**
 * One SQLite file, behind a thread of its own. Several processes of a host may have it open. A file that is locked or away
 * does not keep this from resolving: what is asked rejects with `RecordsUnavailable` until it serves.
 *
 * @throws StartupError when the file has another schema, or is no database.
 */
export async function openSqliteStore({
  file,
  answerWithinMs = ANSWER_WITHIN_MS,
  schema = CURRENT,
}: SqliteOptions): Promise<Store> {
  const options = {
    file,
    mayMakeFile: true,
    busyMs: Math.min(BUSY_MS_MAX, answerWithinMs / 2),
    schemaVersion: schema.version,
    schema: schema.collections.flatMap(createTable),
  };
  const thread = startThread(options);
  // Counting reads a whole index: nobody who records or asks waits for it.
  const counting = startThread({ ...options, mayMakeFile: false });
  try {
    await thread.ask('open', [], OPEN_WITHIN_MS);
  } catch (error) {
    if (!(error instanceof RecordsUnavailable)) {
      await thread.end();
      throw error;
    }
    // Away for now: whoever asks hears so, and the thread opens the file once it can.
  }
  const read = (statement: Step) => thread.ask('read', [statement], answerWithinMs).then(({ rows }) => rows);
  const scan = (statement: Step) => counting.ask('read', [statement], COUNT_WITHIN_MS).then(({ rows }) => rows);
  const write = (steps: readonly Step[]) => thread.ask('write', steps, answerWithinMs).then(({ changes }) => changes);
  const changed = async (step: Step) => (await write([step]))?.[0] ?? 0;
  return {
    async find<C extends Collection>(collection: C, query: Query<C>) {
      checkWhere(collection, { ...query.filter, ...query.where });
      const rows = await read(select(collection, query));
      return rows.map((row) => decode(collection, row) as DocumentOf<C>);
    },
    async valueAt(collection, list, place) {
      checkWhere(collection, list.where ?? {});
      const [row] = await read(valueAt(collection, list, place));
      return (row?.value ?? null) as number | string | null;
    },
    async count(collection, where) {
      checkWhere(collection, where);
      const [row] = await scan(count(collection, where));
      return Number(row?.count);
    },
    async countBy(collection, field, where = {}) {
      checkWhere(collection, where);
      const rows = await scan(countBy(collection, field, where));
      return new Map(rows.map((row) => [String(row.value), Number(row.count)]));
    },
    async write(writes) {
      writes.forEach(checkWrite);
      return (await write(writes.flatMap(toSteps))) !== undefined;
    },
    async insert(collection, document) {
      checkDocument(collection, document);
      return (await changed(insert(collection, [document], 'keep any'))) === 1 ? 'inserted' : 'exists';
    },
    async replaceIf(collection, where, document) {
      checkWhere(collection, where);
      checkDocument(collection, document);
      try {
        return (await changed(replaceIf(collection, where, document))) === 1 ? 'replaced' : 'missing';
      } catch (error) {
        if (error instanceof RecordsConflict) return 'exists';
        throw error;
      }
    },
    async change(collection, where, set) {
      checkWhere(collection, where);
      checkChange(collection, set);
      return changed(update(collection, where, set));
    },
    async deleteSome(collection, where, limit) {
      checkWhere(collection, where);
      return changed(deleteSome(collection, where, limit));
    },
    async explain(collection, query) {
      return indexOfPlan(collection, await read(explained(select(collection, query))));
    },
    async purge() {
      // The pages themselves are overwritten (secure_delete); the log holds older ones.
      const [row] = await read({ sql: 'PRAGMA wal_checkpoint(TRUNCATE)', rows: [[]] });
      return row?.busy === 0;
    },
    async close() {
      await Promise.all([thread.end(), counting.end()]);
    },
  };
}

function toSteps(wanted: Write): Step[] {
  const { collection, kind } = wanted;
  switch (kind) {
    case 'require':
      return [{ ...update(collection, wanted.where, wanted.set), required: true }];
    case 'tally':
      return wanted.documents.map((document) => ({ ...tally(collection, document), required: true }));
    default:
      return [insert(collection, wanted.documents, kind === 'put' ? 'replace' : 'keep')];
  }
}

interface Answer {
  readonly rows: readonly Record<string, SqlValue>[];
  /** By step; undefined when all was undone. */
  readonly changes: readonly number[] | undefined;
}

interface Asked {
  readonly kind: Request['kind'];
  readonly timer: NodeJS.Timeout;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** Source files run as they are, built ones as JavaScript. */
const THREAD = new URL(import.meta.url.endsWith('.ts') ? './sqlite-thread.ts' : './sqlite-thread.js', import.meta.url);

function startThread(options: ThreadOptions) {
  const asked = new Map<number, Asked>();
  let lastId = 0;
  let ended = false;
  let worker: Worker | undefined;

  function launch(): Worker {
    const launched = new Worker(THREAD, { workerData: options, execArgv: ['--disable-warning=ExperimentalWarning'] });
    launched.unref();
    launched.on('message', settle);
    launched.on('error', (error) => giveUp(launched, 'The database thread failed', error));
    launched.on('exit', () => giveUp(launched, 'The database thread ended'));
    return launched;
  }

  /** The next one who asks gets another thread, which the end of this one does not concern. */
  function giveUp(launched: Worker, message: string, cause?: unknown): void {
    if (worker !== launched) return;
    worker = undefined;
    for (const { timer, reject } of asked.values()) {
      clearTimeout(timer);
      reject(new RecordsUnavailable(message, { cause }));
    }
    asked.clear();
  }

  function settle(reply: Reply): void {
    const waiting = asked.get(reply.id);
    asked.delete(reply.id);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    if ('failure' in reply) waiting.reject(toError(reply, waiting.kind, options.file));
    else waiting.resolve('undone' in reply ? { rows: [], changes: undefined } : reply);
  }

  function ask(kind: Request['kind'], steps: readonly Step[], withinMs: number): Promise<Answer> {
    if (ended) return Promise.reject(new RecordsUnavailable('The records are closed'));
    lastId += 1;
    const id = lastId;
    return new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => {
        asked.delete(id);
        reject(new RecordsUnavailable(`The database did not answer within ${withinMs} ms`));
      }, withinMs);
      asked.set(id, { kind, timer, resolve, reject });
      worker ??= launch();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      worker.postMessage({ id, kind, steps, deadline: Date.now() + withinMs } satisfies Request);
    });
  }

  /** What was asked before is done first. */
  async function end(): Promise<void> {
    if (ended) return;
    if (!worker) {
      ended = true;
      return;
    }
    const closed = ask('close', [], ANSWER_WITHIN_MS);
    ended = true;
    await closed.catch(() => undefined);
    await worker?.terminate();
  }

  return { ask, end };
}

function toError(
  { failure, message }: Extract<Reply, { failure: string }>,
  kind: Request['kind'],
  file: string,
): Error {
  if (failure === 'conflict') return new RecordsConflict(message);
  if (failure === 'rejected') return new RecordsRejected(message);
  if (failure === 'refused' && kind === 'open') return new StartupError(`RECORDS_FILE ${file} ${message}.`);
  return new RecordsUnavailable(message);
}

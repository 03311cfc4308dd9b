import { type HttpConnection, openConnections } from './connection.ts';

export interface Load {
  readonly url: string;
  /** The status that each answer must have. */
  readonly status: number;
  /** Request `index` as it goes over the wire. */
  readonly requestOf: (index: number) => string;
}

export interface LoadReport {
  readonly count: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** One per request; a refused one was never answered, which is infinite. */
  readonly latenciesMs: readonly number[];
  readonly refused: number;
}

/** As many as the direct peer was measured with. */
const CONNECTIONS = 64;
const CONNECTIONS_AT_RATE = 256;
const REPEAT_MS = 5;
/** A load that takes longer than this many seconds has hung. */
const PATIENCE_SECONDS = 120;
/** Node's timers are this coarse: so late a start is the generator's doing, not the server's. */
const TIMER_SLACK_MS = 1.1;

export interface CountOptions {
  readonly connections?: number;
  /** Stops sending after this time, however many are left. */
  readonly withinMs?: number;
}

/**
 * Closed loop: each connection sends its next request when its last is answered, at most `count` in all. A refused one is sent
 * again, as a caller would; its cost is part of what the accepted ones cost.
 */
export function runCount(load: Load, count: number, options: CountOptions = {}): Promise<LoadReport> {
  const { connections = CONNECTIONS, withinMs = PATIENCE_SECONDS * 1000 } = options;
  const limit = { count };
  return run({ ...load, repeatsRefused: true }, connections, limit, (dispatch, idle) => {
    const endsAt = performance.now() + withinMs;
    let next = 0;
    const sendNext = (connection: HttpConnection) => {
      if (performance.now() > endsAt) limit.count = Math.min(limit.count, next);
      if (next < limit.count) dispatch(connection, next++, performance.now(), sendNext);
    };
    for (const connection of idle) sendNext(connection);
  });
}

/**
 * Open loop: request i is due at i ÷ `perSecond`, whatever became of those before, and its latency counts from then. A server
 * that stalls is thus charged for every request it kept waiting (no coordinated omission).
 */
export function runAtRate(load: Load, perSecond: number, seconds: number): Promise<LoadReport> {
  const count = Math.round(perSecond * seconds);
  return run(load, CONNECTIONS_AT_RATE, { count }, (dispatch, idle) => {
    const overdue: { index: number; from: number }[] = [];
    const startedAt = performance.now();
    let next = 0;
    const release = (connection: HttpConnection) => {
      const request = overdue.shift();
      if (request) dispatch(connection, request.index, request.from, release);
      else idle.push(connection);
    };
    const tick = () => {
      const now = performance.now();
      const due = Math.min(count, Math.floor(((now - startedAt) * perSecond) / 1000) + 1);
      for (; next < due; next += 1) {
        const from = Math.min(now, startedAt + (next * 1000) / perSecond + TIMER_SLACK_MS);
        const connection = idle.pop();
        if (connection) dispatch(connection, next, from, release);
        else overdue.push({ index: next, from });
      }
      if (next < count) setTimeout(tick, 1);
    };
    tick();
  });
}

type Dispatch = (
  connection: HttpConnection,
  index: number,
  from: number,
  onDone: (connection: HttpConnection) => void,
) => void;

async function run(
  { url, status, requestOf, repeatsRefused = false }: Load & { readonly repeatsRefused?: boolean },
  connections: number,
  limit: { readonly count: number },
  start: (dispatch: Dispatch, idle: HttpConnection[]) => void,
): Promise<LoadReport> {
  const opened = await openConnections(url, connections);
  const latenciesMs: number[] = [];
  let refused = 0;
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`The load on ${url} hangs`)), PATIENCE_SECONDS * 1000);
      const dispatch: Dispatch = (connection, index, from, onDone) =>
        connection.request(requestOf(index), (answer) => {
          if (answer instanceof Error) {
            reject(new Error(`${url}: ${answer.message}`));
            return;
          }
          const isExpected = answer.status === status;
          if (!isExpected) refused += 1;
          if (!isExpected && repeatsRefused) {
            setTimeout(dispatch, REPEAT_MS, connection, index, from, onDone);
            return;
          }
          latenciesMs.push(isExpected ? performance.now() - from : Number.POSITIVE_INFINITY);
          if (latenciesMs.length < limit.count) onDone(connection);
          if (latenciesMs.length === limit.count) resolve();
        });
      start(dispatch, [...opened]);
    });
  } finally {
    clearTimeout(timer);
    for (const connection of opened) connection.close();
  }
  const seconds = (performance.now() - startedAt) / 1000;
  return { count: limit.count, seconds, perSecond: limit.count / seconds, latenciesMs, refused };
}

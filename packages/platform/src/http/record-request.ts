import { httpRequestSeconds, type Registry } from '../metrics.ts';

/** What is told of an answered request; the route is its pattern, never what a caller sent. */
export interface RequestLabels {
  readonly route: string;
  readonly method: string;
  readonly status: number;
}

interface RequestLog {
  info(fields: object, message: string): void;
}

/** One metric and one wide log event for each request that was answered, `ms` after it came. */
export type RecordRequest = (log: RequestLog, labels: RequestLabels, ms: number, fields?: object) => void;

export function createRecordRequest(registry: Registry): RecordRequest {
  const seconds = httpRequestSeconds(registry);
  // Finding a series by its labels costs more than counting in it.
  const series = new Map<string, ReturnType<typeof seconds.labels>>();
  return (log, labels, ms, fields) => {
    const key = `${labels.method} ${labels.status} ${labels.route}`;
    let found = series.get(key);
    if (found === undefined) series.set(key, (found = seconds.labels({ ...labels })));
    found.observe(ms / 1000);
    log.info({ ...fields, ...labels, ms: Math.round(ms * 10) / 10 }, 'request');
  };
}

import { RecordsUnavailable } from '../store.ts';

/** Gives up waiting after `ms`, whatever the driver is still waiting for. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RecordsUnavailable(`The database did not answer within ${ms} ms`)), ms);
  });
  // The work goes on, and nobody hears of its failure any more.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

import type { Progress } from '@watchword/platform/redis-server';

const TELL_EVERY_MS = 10_000;

/** Says what is done, and again and again that it is still being done. */
export async function telling<T>(line: string, progress: Progress, work: () => Promise<T>): Promise<T> {
  const since = performance.now();
  const seconds = () => Math.round((performance.now() - since) / 1_000);
  progress(line);
  const what = line.split(' (')[0];
  const timer = setInterval(() => progress(`${what}: still at it (${seconds()} s)`), TELL_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    progress(`${what}: ended after ${seconds()} s`);
  }
}

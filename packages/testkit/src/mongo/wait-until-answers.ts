import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient } from 'mongodb';

const POLL_MS = 20;
const SELECTION_MS = 1_000;

/**
 * Resolves when the server answers a question that needs its storage.
 *
 * @param ended of its processes: resolves with the reason when one has ended.
 * @throws Error with that reason, or with the driver's when the time is over.
 */
export async function waitUntilMongoAnswers(url: string, ended: Promise<string>, timeoutMs: number): Promise<void> {
  let end: string | undefined;
  void ended.then((reason) => {
    end = reason;
  });
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const client = new MongoClient(url, {
      serverSelectionTimeoutMS: SELECTION_MS,
      // Else the driver looks again after half a second.
      minHeartbeatFrequencyMS: POLL_MS,
    });
    try {
      await client.db('admin').command({ listDatabases: 1, nameOnly: true });
      return;
    } catch (error) {
      if (end !== undefined) throw new Error(`it ended at its start (${end})`, { cause: error });
      if (performance.now() > deadline) throw error;
      await delay(POLL_MS);
    } finally {
      await client.close();
    }
  }
}

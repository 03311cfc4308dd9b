import { openRecords, type RecordsTarget } from '@watchword/records';
import type { Population } from './population.ts';

const BATCH = 5_000;
const ANSWER_MS = 120_000;
const LEASE_MS = 86_400_000;
const OWNER = 'measure';
const SHARD = '00';

/** Records a population as a recorder would, in big batches. */
export async function fillRecords(
  target: RecordsTarget,
  population: Population,
  documents: number,
  progress: (written: number) => void,
): Promise<void> {
  const records = await openRecords({ ...target, answerWithinMs: ANSWER_MS });
  try {
    const until = Date.now() + LEASE_MS;
    const { cursors } = await records.renewLeases(OWNER, until, [SHARD]);
    const [cursor] = cursors;
    const lease = cursor && (await records.takeShard(cursor, OWNER, until));
    if (!lease) throw new Error('The database is not empty');
    const none = { events: [], deliveries: [], attempts: [], receipts: [], tokens: [], tallies: [], poison: [] };
    let written = lease.position;
    let writing: Promise<void> = Promise.resolve();
    for (let made = 0; made < documents; ) {
      const verifications = population.take(Math.min(BATCH, documents - made));
      made += verifications.length;
      const total = made;
      const position = `${total}-0`;
      // The next ones are made while the last ones are written.
      await writing;
      const batch = { ...none, position, verifications };
      writing = records.writeBatch({ ...lease, position: written }, batch).then((result) => {
        if (result !== 'written') throw new Error('Somebody else writes to the database');
        progress(total);
      });
      written = position;
    }
    await writing;
  } finally {
    await records.close();
  }
}

import type { Platform } from '@watchword/testkit';
import { type OutageServer, startOutageMongo } from '@watchword/testkit/mongo';
import { afterAll, beforeAll } from 'vitest';
import { expectExactRecords } from './expect-exact-records.ts';
import { type SoakOptions, type SoakReport, soak, startSoakPlatform } from './soak.ts';
import { type SoakDatabase, stoppedServer } from './soak-database.ts';

/** Cold, the server's programs are downloaded first. */
const SET_UP_WITHIN_MS = 600_000;

/** What the one test of a file runs: nothing fails while MongoDB is away, and its records are exact afterwards. */
export function prepareDatabaseOutage(): (
  options: SoakOptions,
  skip: (reason: string) => never,
) => Promise<SoakReport> {
  let server: OutageServer | undefined;
  let reason = '';
  let database: SoakDatabase;
  let platform: Platform | undefined;

  beforeAll(async () => {
    const answer = await startOutageMongo((line) => process.stderr.write(`${line}\n`));
    if (answer.kind === 'none') {
      reason = answer.reason;
      process.stderr.write(`The outage of MongoDB is NOT TESTED: ${reason}\n`);
      return;
    }
    server = answer.server;
    database = stoppedServer(server, 'soak');
    platform = await startSoakPlatform(database);
  }, SET_UP_WITHIN_MS);

  afterAll(async () => {
    await platform?.stop();
    await server?.stop();
  });

  return async (options, skip) => {
    if (platform === undefined) return skip(reason);
    const report = await soak(platform, database, options);
    expectExactRecords(report);
    return report;
  };
}

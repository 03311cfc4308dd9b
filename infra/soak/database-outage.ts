import type { Platform } from '@watchword/testkit';
import { type OutageServer, startOutageMongo } from '@watchword/testkit/mongo';
import { afterAll, beforeAll, expect } from 'vitest';
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

/**
 * Of the calls that began while the database was away. Traffic, platform and the servers of MongoDB share the machine: one of two
 * cores is at its end and refuses a burst now and then, to be repeated. A call that waited for the database would be far more.
 */
const REFUSED_WHILE_AWAY_MAX = 0.02;

export function expectServedWhileAway({ figures }: SoakReport): void {
  const { refused_while_away, calls_while_away } = figures;
  expect(calls_while_away).toBeGreaterThan(figures.awaySeconds * figures.opensPerSecond);
  expect(refused_while_away / calls_while_away).toBeLessThan(REFUSED_WHILE_AWAY_MAX);
}

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Secret } from '@watchword/platform';
import type { RecordsTarget } from '@watchword/records';
import { lockDatabase } from '@watchword/testkit';
import type { OutageServer } from '@watchword/testkit/mongo';

/** The database that a soak takes away for a while. */
export interface SoakDatabase {
  /** What its platform is told. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where its records are, by the platform's data directory. */
  target(directory: string): RecordsTarget;
  /** Takes it away for so long; resolves when it serves again. */
  takeAway(directory: string, seconds: number): Promise<void>;
}

const fileOf = (directory: string) => join(directory, 'records.db');

/** The platform's own SQLite file, locked as a program that hangs in a transaction would. */
export const lockedFile: SoakDatabase = {
  environment: {},
  target: (directory) => ({ file: fileOf(directory) }),
  takeAway: (directory, seconds) => lockDatabase(fileOf(directory), seconds * 1_000),
};

/** A MongoDB server that first answers nobody (SIGSTOP), then is killed, and is started again on its data at the end. */
export function stoppedServer(server: OutageServer, name: string): SoakDatabase {
  const url = new URL(name, server.url).href;
  return {
    environment: { MONGODB_URL: url },
    target: () => ({ url: new Secret(url) }),
    async takeAway(_, seconds) {
      await server.pause();
      await delay(seconds * 500);
      await server.kill();
      await delay(seconds * 500);
      await server.restart();
    },
  };
}

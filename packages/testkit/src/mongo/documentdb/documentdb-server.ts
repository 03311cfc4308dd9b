import { chownSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { MongoEngine, RunningMongo } from '../mongo-server.ts';
import type { OwnedProcess } from '../owned-process.ts';
import { runTool } from '../run-tool.ts';
import { waitUntilMongoAnswers } from '../wait-until-answers.ts';
import { FERRETDB_VERSION, launchFerretDb } from './ferretdb.ts';
import type { DocumentDbTools } from './install-documentdb.ts';
import { serverUser, socketDirectory } from './places.ts';
import { launchPostgres } from './postgres.ts';

const ANSWER_MS = 60_000;

export interface DocumentDbOptions {
  readonly tools: DocumentDbTools;
  /** For this server alone, which must be able to get there. */
  readonly directory: string;
  readonly port: number;
  readonly durable: boolean;
}

/** FerretDB, which speaks MongoDB's wire, over PostgreSQL with the DocumentDB extension, which stores. */
export function documentDbEngine({ tools, directory, port, durable }: DocumentDbOptions): MongoEngine {
  const data = join(directory, 'data');
  const stateDirectory = makeOwn(join(directory, 'ferretdb'));
  const sockets = socketDirectory(makeOwn(join(directory, 'sockets')));
  const url = `mongodb://127.0.0.1:${port}/`;
  return {
    name: `FerretDB ${FERRETDB_VERSION} over PostgreSQL with DocumentDB`,
    url,
    async launch() {
      if (!existsSync(data)) await copyTemplate(tools.template, data);
      const logPath = join(directory, 'postgres.log');
      const postgres = launchPostgres({ root: tools.postgres, data, sockets, logPath, durable });
      const ferretdb = launchFerretDb({ tools: tools.ferretdb, sockets, port, stateDirectory });
      const running = runBoth(postgres, ferretdb);
      try {
        await waitUntilMongoAnswers(url, running.ended, ANSWER_MS);
      } catch (error) {
        await running.stop();
        throw error;
      }
      return running;
    },
  };
}

/** FerretDB ends first and PostgreSQL last: so no client sees an error that is only the order of things. */
function runBoth(postgres: OwnedProcess, ferretdb: OwnedProcess): RunningMongo {
  const signalBoth = (signal: 'SIGSTOP' | 'SIGCONT') => {
    for (const each of [ferretdb, postgres]) each.signalTree(signal);
    return Promise.resolve();
  };
  return {
    ended: Promise.race([
      postgres.ended.then((reason) => `PostgreSQL: ${reason}`),
      ferretdb.ended.then((reason) => `FerretDB: ${reason}`),
    ]),
    pause: () => signalBoth('SIGSTOP'),
    resume: () => signalBoth('SIGCONT'),
    async kill() {
      await Promise.all([ferretdb.kill(), postgres.kill()]);
    },
    async stop() {
      await ferretdb.stop();
      await postgres.stop();
    },
  };
}

async function copyTemplate(template: string, data: string): Promise<void> {
  const partial = `${data}.partial`;
  rmSync(partial, { recursive: true, force: true });
  await runTool('cp', ['--archive', template, partial]);
  renameSync(partial, data);
}

/** A directory for the servers' user alone. */
function makeOwn(directory: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (serverUser) chownSync(directory, serverUser.uid, serverUser.gid);
  return directory;
}

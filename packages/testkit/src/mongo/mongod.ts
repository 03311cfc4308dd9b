import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MongoEngine } from './mongo-server.ts';
import { launchOwnedProcess } from './owned-process.ts';
import { waitUntilMongoAnswers } from './wait-until-answers.ts';

const VERSION_MIN = 6;
const ANSWER_MS = 60_000;

/** The major version of the `mongod` on PATH; undefined when there is none that is new enough. */
export function findMongod(): number | undefined {
  const { stdout } = spawnSync('mongod', ['--version'], { encoding: 'utf8' });
  const major = Number(/db version v(\d+)/.exec(stdout ?? '')?.[1]);
  return major >= VERSION_MIN ? major : undefined;
}

/** A stand-alone server of its own: no design of ours needs a replica set. */
export function mongodEngine({ directory, port }: { directory: string; port: number }): MongoEngine {
  const data = join(directory, 'mongod');
  const url = `mongodb://127.0.0.1:${port}/`;
  return {
    name: 'mongod',
    url,
    async launch() {
      mkdirSync(data, { recursive: true, mode: 0o700 });
      const process = launchOwnedProcess({
        command: 'mongod',
        args: ['--dbpath', data, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket', '--quiet'],
        cwd: data,
        logPath: join(directory, 'mongod.log'),
        endSignal: 'SIGTERM',
      });
      try {
        await waitUntilMongoAnswers(url, process.ended, ANSWER_MS);
      } catch (error) {
        await process.stop();
        throw error;
      }
      return {
        ended: process.ended,
        stop: process.stop,
        kill: process.kill,
        pause: async () => process.signalTree('SIGSTOP'),
        resume: async () => process.signalTree('SIGCONT'),
      };
    },
  };
}

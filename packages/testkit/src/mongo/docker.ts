import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '@watchword/platform/redis-server';
import type { MongoEngine } from './mongo-server.ts';
import { launchOwnedProcess } from './owned-process.ts';
import { runTool } from './run-tool.ts';
import { waitUntilMongoAnswers } from './wait-until-answers.ts';

const IMAGE = 'mongo:8';
const ENGINE_ANSWER_MS = 3_000;
const ANSWER_MS = 60_000;

/** The image, pulled when it is not there yet; undefined where no Docker engine answers or the image cannot be had. */
export function findDockerImage(progress: Progress): string | undefined {
  const docker = (args: readonly string[], timeout?: number) =>
    spawnSync('docker', [...args], { encoding: 'utf8', ...(timeout === undefined ? {} : { timeout }) });
  const engine = docker(['info', '--format', 'engine {{.ServerVersion}}'], ENGINE_ANSWER_MS);
  if (engine.status !== 0 || !/engine \d/.test(engine.stdout)) return undefined;
  if (docker(['image', 'inspect', IMAGE]).status === 0) return IMAGE;
  progress(`MongoDB: pulling the image ${IMAGE} with Docker`);
  if (docker(['pull', '--quiet', IMAGE]).status === 0) return IMAGE;
  progress(`MongoDB: Docker could not pull ${IMAGE}`);
  return undefined;
}

/** In the foreground of a Docker client, which ends the container when it is told to end. */
export function dockerEngine({
  image,
  directory,
  port,
}: {
  image: string;
  directory: string;
  port: number;
}): MongoEngine {
  const data = join(directory, 'container');
  const name = `watchword-mongo-${randomBytes(6).toString('hex')}`;
  const url = `mongodb://127.0.0.1:${port}/`;
  const run = ['run', '--rm', '--name', name, '--user', `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`];
  const docker = async (...args: string[]) => void (await runTool('docker', [...args, name]));
  return {
    name: `container of ${image}`,
    url,
    async launch() {
      mkdirSync(data, { recursive: true, mode: 0o700 });
      const client = launchOwnedProcess({
        command: 'docker',
        args: [...run, '--publish', `127.0.0.1:${port}:27017`, '--volume', `${data}:/data/db`, image],
        cwd: data,
        logPath: join(directory, 'container.log'),
        endSignal: 'SIGTERM',
      });
      await waitUntilMongoAnswers(url, client.ended, ANSWER_MS);
      return {
        ended: client.ended,
        stop: client.stop,
        pause: () => docker('pause'),
        resume: () => docker('unpause'),
        kill: () => docker('kill'),
      };
    },
  };
}

import type { TestProject } from 'vitest/node';
import { startTestMongo } from '../mongo/start-test-mongo.ts';
import { startTestRedis } from '../redis.ts';
import './provided.ts';

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Global set-up of the project `mongo`: one MongoDB-wire server as `inject('mongoUrl')`, and one Redis. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await startTestRedis(say);
  project.provide('redisUrl', redis.url);
  try {
    const mongo = await startTestMongo(say);
    if (mongo.kind === 'none') say(`SKIPPED: all tests of the project "mongo". ${mongo.reason}`);
    project.provide('mongoUrl', mongo.kind === 'server' ? mongo.server.url : undefined);
    project.provide('mongoReason', mongo.kind === 'none' ? mongo.reason : undefined);
    return async () => {
      if (mongo.kind === 'server') await mongo.server.stop();
      await redis.stop();
    };
  } catch (error) {
    await redis.stop();
    throw error;
  }
}

import type { TestProject } from 'vitest/node';
import { startTestRedisCluster } from '../redis.ts';
import './provided.ts';

/** Global set-up of a Vitest project: a Redis Cluster for all its tests, as `inject('redisUrl')`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await startTestRedisCluster((line) => process.stderr.write(`${line}\n`));
  project.provide('redisUrl', redis.url);
  return redis.stop;
}

export { acquireDataDirectory, DataDirectoryInUseError, type DataDirectoryLock } from './data-directory-lock.ts';
export { freePort } from './free-port.ts';
export {
  findPrivateRedis,
  type PrivateRedis,
  type StartPrivateRedisOptions,
  startPrivateRedis,
} from './private-redis.ts';
export type { RedisConfig } from './redis-config.ts';
export {
  type LaunchRedisOptions,
  launchRedis,
  type RedisEnd,
  type RedisProcess,
  waitUntilRedisAnswers,
} from './redis-process.ts';
export { type Progress, type RedisServerCommand, resolveRedisServer } from './resolve-redis-server.ts';

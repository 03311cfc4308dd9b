import { expect, test } from 'vitest';
import { isRedisUnavailable } from './connection.ts';

test.each([
  'Connection is closed.',
  'Command timed out',
  "Stream isn't writeable and enableOfflineQueue options is false",
  'Too many Cluster redirections. Last error: ReplyError: MOVED 1 127.0.0.1:1',
  'MOVED 866 127.0.0.1:7001',
  'ASK 866 127.0.0.1:7001',
  'CLUSTERDOWN The cluster is down',
  'LOADING Redis is loading the dataset in memory',
  "OOM command not allowed when used memory > 'maxmemory'.",
  'connect ECONNREFUSED 127.0.0.1:1',
])('a Redis that cannot serve now is told apart: %s', (message) => {
  expect(isRedisUnavailable(new Error(message))).toBe(true);
});

test.each(['ERR wrong number of arguments', 'WRONGTYPE Operation against a key', 'The ASK of a user'])(
  'a mistake of ours is none: %s',
  (message) => {
    expect(isRedisUnavailable(new Error(message))).toBe(false);
  },
);

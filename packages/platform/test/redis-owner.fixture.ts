import { startPrivateRedis } from '../src/redis-server/index.ts';

// Runs a private Redis in the directory given and stays, until it is killed.
const [directory = ''] = process.argv.slice(2);
const redis = await startPrivateRedis({ directory, progress: (line) => process.stderr.write(`${line}\n`) });
process.stdout.write(`${JSON.stringify({ pid: redis.pid, port: redis.port, url: redis.url })}\n`);

// The most that BullMQ allows: a worker whose jobs do nothing, with the options of the product's own.
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { NOOP_QUEUE } from './noop-queue.ts';

const connection = new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null, replyMapping: 'legacy' });
const worker = new Worker(NOOP_QUEUE.name, () => Promise.resolve(), {
  connection,
  prefix: NOOP_QUEUE.prefix,
  concurrency: Number(process.env.CONCURRENCY),
  skipVersionCheck: true,
});
worker.on('error', (error) => process.stderr.write(`${error.message}\n`));
process.on('SIGTERM', () => process.exit(0));
process.on('SIGINT', () => process.exit(0));
process.stdout.write('ready noop-worker\n');

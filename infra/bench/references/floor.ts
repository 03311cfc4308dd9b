// FROZEN. The FLOOR that every ratio of the benchmark is taken against: a bare Fastify JSON route and one trivial EVALSHA
// through ioredis with autopipelining. Making it slower would win every ratio, so it is not changed, not even for the
// better; its absolute rate is printed with each run.

import Fastify from 'fastify';
import { Redis } from 'ioredis';

const SCRIPT = 'return 1';

const redis = new Redis(process.env.REDIS_URL ?? '', { enableAutoPipelining: true, replyMapping: 'legacy' });
const sha = String(await redis.script('LOAD', SCRIPT));
const app = Fastify();
app.post(
  '/floor',
  {
    schema: {
      body: { type: 'object', required: ['to'], properties: { to: { type: 'string' } } },
      response: { 200: { type: 'object', properties: { ok: { type: 'integer' } } } },
    },
  },
  async () => ({ ok: await redis.evalsha(sha, 1, 'floor') }),
);
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.on('SIGTERM', () => process.exit(0));
process.on('SIGINT', () => process.exit(0));
process.stdout.write(`ready floor ${url}\n`);

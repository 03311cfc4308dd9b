// What Argon2id alone does on these cores: the product's digest at its default cost, one after another, and nothing else.
// Prints its rate each time it is asked by a line on stdin: the milliseconds to hash for.
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { argon2id, hash } from 'argon2';

const cost = { memoryCost: Number(process.env.MEMORY_KIB), timeCost: 1, parallelism: 1, hashLength: 32 };
const secret = randomBytes(32);

async function hashUntil(endsAt: number): Promise<number> {
  let hashes = 0;
  for (; performance.now() < endsAt; hashes += 1) {
    await hash('123456', { ...cost, type: argon2id, raw: true, salt: randomBytes(16), secret });
  }
  return hashes;
}

process.on('SIGTERM', () => process.exit(0));
process.on('SIGINT', () => process.exit(0));
process.stdout.write('ready argon2-loop\n');
for await (const line of createInterface({ input: process.stdin })) {
  const startedAt = performance.now();
  const endsAt = startedAt + Number(line);
  const hashes = await Promise.all(Array.from({ length: availableParallelism() }, () => hashUntil(endsAt)));
  const seconds = (performance.now() - startedAt) / 1000;
  process.stdout.write(`${hashes.reduce((sum, count) => sum + count, 0) / seconds}\n`);
}

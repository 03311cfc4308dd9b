import { expect, it } from 'vitest';
import { renderRedisConfig } from './redis-config.ts';

const base = { port: 4711, directory: '/data "x"', persistence: 'append-only' } as const;

it('listens on loopback only, never evicts, and syncs each write before its answer', () => {
  const lines = renderRedisConfig({ ...base, password: 'p' }).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'bind 127.0.0.1',
      'maxmemory-policy noeviction',
      'appendonly yes',
      'appendfsync always',
      'requirepass "p"',
      'dir "/data \\"x\\""',
    ]),
  );
});

it('cannot be made to carry a second directive by a directory name', () => {
  expect(renderRedisConfig({ ...base, directory: 'a"\nrequirepass x' })).not.toMatch(/^requirepass/m);
});

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

it('has an end to its memory only when it is given one, and says why', () => {
  const lines = renderRedisConfig({ ...base, maxMemoryBytes: 268_435_456 }).split('\n');
  expect(lines).toContain('maxmemory 268435456');
  expect(lines[lines.indexOf('maxmemory 268435456') - 1]).toMatch(/^# .*70 %/);
  expect(renderRedisConfig(base)).not.toMatch(/^maxmemory \d/m);
});

it('cannot be made to carry a second directive by a directory name', () => {
  expect(renderRedisConfig({ ...base, directory: 'a"\nrequirepass x' })).not.toMatch(/^requirepass/m);
});

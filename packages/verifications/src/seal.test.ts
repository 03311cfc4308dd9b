import { randomBytes } from 'node:crypto';
import { Secret, singleKeyRing } from '@watchword/platform';
import { expect, test } from 'vitest';
import { createSealer } from './seal.ts';

const sealer = createSealer(singleKeyRing(new Secret(randomBytes(32))));

test('a sealed value opens for its own verification and field only', () => {
  const sealed = sealer.seal('123456', 'id-1', 'code');
  expect(sealer.unseal(sealed, 'id-1', 'code')).toBe('123456');
  expect(() => sealer.unseal(sealed, 'id-2', 'code')).toThrow();
  expect(() => sealer.unseal(sealed, 'id-1', 'destination')).toThrow();
  const other = createSealer(singleKeyRing(new Secret(randomBytes(32))));
  expect(() => other.unseal(sealed, 'id-1', 'code')).toThrow();
});

test('a changed byte anywhere is refused', () => {
  const sealed = sealer.seal('123456', 'id-1', 'code');
  for (let index = 0; index < sealed.length; index += 1) {
    const changed = Buffer.from(sealed);
    changed[index] = (changed[index] as number) ^ 1;
    expect(() => sealer.unseal(changed, 'id-1', 'code')).toThrow();
  }
});

test('the longest sealed code and number fit a listpack value', () => {
  expect(sealer.seal('A'.repeat(10), 'x', 'code').length).toBeLessThanOrEqual(64);
  expect(sealer.seal('+123456789012345', 'x', 'destination').length).toBeLessThanOrEqual(64);
});

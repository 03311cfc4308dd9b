import { randomBytes } from 'node:crypto';
import { Secret } from '@watchword/platform';
import { expect, test } from 'vitest';
import { digestBinding, locate, SHARDS } from './addresses.ts';
import { deriveAddressKeys } from './keys.ts';

const keys = deriveAddressKeys(new Secret(randomBytes(32)));

test('a binding is the same in any order of its fields, and differs in any value, name or split', () => {
  const amount = digestBinding(keys, { amount: '10.00', payee: 'A' });
  expect(digestBinding(keys, { payee: 'A', amount: '10.00' })).toEqual(amount);
  for (const other of [{ amount: '10.01', payee: 'A' }, { amount: '10.00' }, { amount: '10.00', paye: 'eA' }, {}]) {
    expect(digestBinding(keys, other)).not.toEqual(amount);
  }
  expect(digestBinding(keys, undefined)).toHaveLength(0);
});

test('one destination has one shard whatever the purpose, and another handle for each project and purpose', () => {
  const login = locate(keys, 'default', 'login', '+14155550123');
  const reset = locate(keys, 'default', 'password_reset', '+14155550123');
  const other = locate(keys, 'other', 'login', '+14155550123');
  expect(new Set([login.shard, reset.shard, other.shard]).size).toBe(1);
  expect(new Set([login.handle, reset.handle, other.handle]).size).toBe(3);
});

test('destinations spread over all shards', () => {
  const shards = new Set(
    Array.from(
      { length: 2_000 },
      (_, index) => locate(keys, 'p', 'login', `+1415555${String(index).padStart(4, '0')}`).shard,
    ),
  );
  expect(shards.size).toBe(SHARDS);
});

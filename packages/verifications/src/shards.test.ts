import { randomBytes } from 'node:crypto';
import { MODES } from '@watchword/contracts';
import { Secret } from '@watchword/platform';
import { expect, test } from 'vitest';
import { deriveAddressKeys } from './keys.ts';
import { digestBinding, locate, SHARDS, shardOf } from './shards.ts';

const keys = deriveAddressKeys(new Secret(randomBytes(32)));

test('a binding is the same in any order of its fields, and differs in any value, name or split', () => {
  const amount = digestBinding(keys, { amount: '10.00', payee: 'A' });
  expect(digestBinding(keys, { payee: 'A', amount: '10.00' })).toEqual(amount);
  for (const other of [{ amount: '10.01', payee: 'A' }, { amount: '10.00' }, { amount: '10.00', paye: 'eA' }, {}]) {
    expect(digestBinding(keys, other)).not.toEqual(amount);
  }
  expect(digestBinding(keys, undefined)).toHaveLength(0);
});

test('one destination has one shard, and another handle for each project, mode and purpose', () => {
  const places = ['default', 'other'].flatMap((project) =>
    MODES.flatMap((mode) =>
      ['login', 'password_reset'].map((purpose) => locate(keys, { project, mode }, purpose, '+14155550123')),
    ),
  );
  expect(new Set(places.map(({ shard }) => shard))).toEqual(new Set([shardOf(keys, '+14155550123')]));
  expect(new Set(places.map(({ handle }) => handle)).size).toBe(8);
});

test('destinations spread over all shards', () => {
  const shards = new Set(
    Array.from({ length: 2_000 }, (_, index) => shardOf(keys, `+1415555${String(index).padStart(4, '0')}`)),
  );
  expect(shards.size).toBe(SHARDS);
});

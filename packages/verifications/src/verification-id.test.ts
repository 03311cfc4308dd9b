import { createSecretKey, randomBytes } from 'node:crypto';
import { encodeBase32 } from '@watchword/platform';
import { expect, test } from 'vitest';
import { attemptIdOf, createVerificationIds, deliveryIdOf, parseDeliveryId } from './verification-id.ts';

const ids = createVerificationIds(createSecretKey(randomBytes(16)));
const address = { shard: 63, handle: 'zzzzzzzzzzz0', profile: 63 };

test('an id gives back the address it was made from, at both ends of each range', () => {
  for (const made of [
    address,
    { shard: 0, handle: '000000000000', profile: 0 },
    { ...address, shard: 7, profile: 1 },
  ]) {
    expect(ids.open(ids.create(made))).toEqual(made);
  }
});

test('two ids of one address differ and share no prefix that tells the shard', () => {
  const made = new Set(Array.from({ length: 100 }, () => ids.create(address).slice(0, 4)));
  expect(made.size).toBeGreaterThan(90);
});

test('20,000 made-up ids are all refused', () => {
  for (let count = 0; count < 20_000; count += 1) expect(ids.open(encodeBase32(randomBytes(16)))).toBeNull();
});

test('an id with one character changed, cut, in upper case or of another key is refused', () => {
  const id = ids.create(address);
  const changed = (id[0] === 'a' ? 'b' : 'a') + id.slice(1);
  const foreign = createVerificationIds(createSecretKey(randomBytes(16))).create(address);
  for (const forged of [changed, id.slice(1), `${id}0`, id.toUpperCase(), foreign, '', '../../etc/passwd']) {
    expect(ids.open(forged)).toBeNull();
  }
});

test('delivery and attempt ids are at most 40 characters and hold no colon', () => {
  const ref = { id: ids.create(address), ordinal: 999 };
  expect(attemptIdOf(ref, 999).length).toBeLessThanOrEqual(40);
  expect(attemptIdOf(ref, 999)).not.toContain(':');
  expect(parseDeliveryId(deliveryIdOf(ref))).toEqual(ref);
  expect(parseDeliveryId('del_x-0')).toBeNull();
});

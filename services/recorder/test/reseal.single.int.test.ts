import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KeyRing, Secret } from '@watchword/platform';
import {
  createBlindIndex,
  createRecords,
  openSqliteStore,
  type Records,
  type ShardLease,
  type Store,
} from '@watchword/records';
import { createSealer } from '@watchword/verifications';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ResealProgress, resealRecords } from '../src/index.ts';
import { recordByHand, takeShard } from './by-hand.ts';

const keyOf = (name: string, id: number) => ({
  id,
  key: new Secret(createHash('sha256').update(`watchword test ${name} ${id}`).digest()),
});
/** The first id is of the current key. */
function ringOf(name: string, ...ids: number[]): KeyRing {
  const keys = ids.map((id) => keyOf(name, id));
  return { current: keys[0] as KeyRing['current'], keys };
}
const DESTINATION = '+14155550161';
const idOf = (number: number) => String(number).padStart(26, '0');

let directory: string;
let store: Store;
let records: Records;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'watchword-reseal-'));
  store = await openSqliteStore({ file: join(directory, 'records.db') });
  records = createRecords(store);
});
afterEach(async () => {
  await records.close();
  rmSync(directory, { recursive: true, force: true });
});

const recorderOf = (of: Records, sealKeys: KeyRing, indexKeys: KeyRing) =>
  recordByHand({ records: of, sealer: createSealer(sealKeys), blindIndex: createBlindIndex(indexKeys) });

function entryOf(id: string, number: number, type: string, data: object, sealed: Record<string, Buffer> = {}) {
  const fields = { v: id, q: number, t: type, a: 1_000, d: JSON.stringify(data) };
  const texts = Object.entries(fields).map(([name, value]) => [name, Buffer.from(String(value))]);
  return { fields: { ...Object.fromEntries(texts), ...sealed } as Record<string, Buffer> };
}

let position = 0;
/** As they are sealed: every other verification has an e-mail address beside its number. */
const emailOf = (number: number) => `user-${number}@example.com`;
const addressesOf = (number: number) =>
  number % 2 === 0 ? DESTINATION : JSON.stringify({ phone: DESTINATION, email: emailOf(number) });
const opened = (number: number, sealKeys: KeyRing) => {
  const id = idOf(number);
  const sealer = createSealer(sealKeys);
  const s = sealer.seal(addressesOf(number), id, 'destination');
  const k = sealer.seal(JSON.stringify({ locale: 'en', client: { user_id: `u${number}` } }), id, 'context');
  const data = { project: 'p', mode: 'test', purpose: 'login', country: 'US', checks_max: 3, code_ttl_ms: 1_000 };
  return at(entryOf(id, 1, 'verification.opened', data, { s, k }));
};
function at<E>(entry: E) {
  position += 1;
  return { ...entry, position: `5-${position}` };
}

const take = () => takeShard(records, '00', 'rec_a');

/** The lease behind what was recorded by it. */
async function asItStands(lease: ShardLease): Promise<ShardLease> {
  const cursor = (await records.cursors()).find(({ id }) => id === lease.shard);
  return { ...lease, position: cursor?.position ?? lease.position };
}

const verificationOf = async (number: number) =>
  (await records.readStates([idOf(number)])).get(idOf(number))?.verification;

test('everything stands under the current keys afterwards, opens and is found by them; a recorder at work brings nothing back', async () => {
  const [oldSeal, oldIndex] = [ringOf('seal', 2), ringOf('index', 5)];
  const [bothSeal, bothIndex] = [ringOf('seal', 3, 2), ringOf('index', 4, 5)];
  const [newSeal, newIndex] = [ringOf('seal', 3), ringOf('index', 4)];
  const lease = await take();
  const numbers = Array.from({ length: 250 }, (_, number) => number);
  await recorderOf(
    records,
    oldSeal,
    oldIndex,
  )(
    lease,
    numbers.map((number) => opened(number, oldSeal)),
  );
  const provider = {
    project: 'p',
    name: 'carrier',
    kind: 'twilio',
    mode: 'live',
    status: 'enabled',
    settings: {},
    credentials: createSealer(oldSeal).seal('{"token":"t"}', 'prv_a', 'credentials'),
    seal_key: 2,
    cost_micros: {},
    sends_per_second: null,
    created_at: 1,
    updated_at: 1,
    version: 1,
  } as const;
  await records.configuration.providers.create({ id: 'prv_a', ...provider });

  const list = {
    id: 'lst_a',
    project: 'p',
    name: 'blocked',
    kind: 'block',
    entries: createSealer(oldSeal).seal('["+4411"]', 'lst_a', 'entries'),
    seal_key: 2,
    size: 1,
    created_at: 1,
    updated_at: 1,
    version: 1,
  } as const;
  await records.configuration.lists.create(list);
  /** The console, which has not heard of the new key: another list, between what the job reads and what it writes. */
  const longer = {
    ...list,
    entries: createSealer(oldSeal).seal('["+4411","+4412"]', 'lst_a', 'entries'),
    size: 2,
    version: 2,
  };
  const outcomes: string[] = [];

  // A recorder has read these as they were, and writes what comes next once they are sealed anew.
  let go = () => undefined as void;
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const slow = {
    ...records,
    writeBatch: (...batch: Parameters<Records['writeBatch']>) => gate.then(() => records.writeBatch(...batch)),
  };
  const end = recorderOf(
    slow,
    bothSeal,
    bothIndex,
  )(
    await asItStands(lease),
    numbers.map((number) => at(entryOf(idOf(number), 2, 'check.judged', { result: 'incorrect', checks_remaining: 2 }))),
  );
  const republished: string[] = [];
  const told: ResealProgress[] = [];
  const result = await resealRecords({
    records,
    sealer: createSealer(bothSeal),
    blindIndex: createBlindIndex(bothIndex),
    sealKeys: bothSeal,
    indexKeys: bothIndex,
    republish: async (project) => {
      republished.push(project);
      // Before the list is sealed anew: of the provider's two and the list's first, the third.
      if (republished.length === 3) outcomes.push(await records.configuration.lists.change(list, longer));
      // After that, once it is: who read it before comes too late.
      if (republished.length === 6) {
        outcomes.push(await records.configuration.lists.change(longer, { ...longer, version: 3 }));
      }
    },
    onProgress: (progress) => {
      told.push(progress);
      if (told.length === 251) go();
    },
    quietMs: 10,
  });
  expect(await end).toBe('written');
  expect(result).toMatchObject({ resealed: 252, lost: 0 });
  expect(republished).toEqual(['p', 'p', 'p', 'p', 'p', 'p']);
  expect(outcomes).toEqual(['changed', 'stale']);
  const [sealer, blindIndex] = [createSealer(newSeal), createBlindIndex(newIndex)];
  for (const number of [0, 98, 99, 249]) {
    const verification = await verificationOf(number);
    expect(verification).toMatchObject({
      checks_remaining: 2,
      seal_key: 3,
      destination_index: blindIndex.of(DESTINATION).digest,
      second_index: number % 2 === 0 ? null : blindIndex.of(emailOf(number)).digest,
      third_index: null,
      destination_index_key: 4,
      user_index: blindIndex.ofUser('p', `u${number}`).digest,
      user_index_key: 4,
    });
    expect(sealer.unseal(verification?.destination as Buffer, idOf(number), 'destination')).toBe(addressesOf(number));
    expect(JSON.parse(sealer.unseal(verification?.context as Buffer, idOf(number), 'context'))).toMatchObject({
      locale: 'en',
    });
  }
  const [sealed] = (await records.listUnderOtherKey('providers', 'seal_key', { gt: 0 }, null, 9)).items;
  expect(sealed?.seal_key).toBe(3);
  expect(sealer.unseal(sealed?.credentials as Buffer, 'prv_a', 'credentials')).toBe('{"token":"t"}');
  const [listed] = await records.configuration.lists.ofProject('p');
  expect(listed).toMatchObject({ seal_key: 3, size: 2, version: 3 });
  expect(sealer.unseal(listed?.entries as Buffer, 'lst_a', 'entries')).toBe('["+4411","+4412"]');
  for (const field of ['seal_key', 'destination_index_key'] as const) {
    for (const key of [{ lt: field === 'seal_key' ? 3 : 4 }, { gt: field === 'seal_key' ? 3 : 4 }]) {
      expect((await records.listUnderOtherKey('verifications', field, key, null, 9)).items).toEqual([]);
    }
  }
}, 40_000);

test('what nobody can open any more is passed by and counted, and what was erased stays blank', async () => {
  const lease = await take();
  const old = ringOf('seal', 2);
  await recorderOf(
    records,
    old,
    ringOf('index', 1),
  )(lease, [opened(1, old), opened(2, old), opened(3, ringOf('seal', 2))]);
  const audit = {
    id: 'aud_a',
    project: 'p',
    actor: 'api',
    action: 'destination.erase',
    resource: 'destination',
    resource_id: 'ers_a',
    before: null,
    after: null,
    request_id: '',
    at: 1,
  };
  expect(await records.eraseVerifications(await asItStands(lease), [idOf(3)], 9, audit)).toBe('erased');
  const current = ringOf('seal', 4, 3);
  const options = {
    records,
    sealer: createSealer(current),
    blindIndex: createBlindIndex(ringOf('index', 1)),
    sealKeys: current,
    indexKeys: ringOf('index', 1),
    republish: async () => undefined,
    quietMs: 1,
  };
  expect(await resealRecords(options)).toEqual({ resealed: 0, lost: 2, passes: 2 });
  expect(await verificationOf(3)).toMatchObject({ seal_key: null, erased_at: 9, destination: Buffer.alloc(0) });
  // A key that comes with a restart of this process: the job is to be run again with it.
  const before = ringOf('seal', 1);
  await expect(resealRecords({ ...options, sealer: createSealer(before), sealKeys: before })).rejects.toThrow(
    'not in the ring',
  );
});

test('users are sealed and indexed anew, so that they sign in after an old key has gone', async () => {
  const [oldIndex, newIndex] = [createBlindIndex(ringOf('index', 5)), createBlindIndex(ringOf('index', 4))];
  const address = 'owner@example.org';
  const { key, digest } = oldIndex.of(address);
  await records.addUser({
    id: 'usr_a',
    email: createSealer(ringOf('seal', 2)).seal(address, 'usr_a', 'email'),
    seal_key: 2,
    email_index: digest,
    email_index_key: key,
    password_hash: 'none',
    status: 'active',
    roles: { '*': 'owner' },
    failed_sign_ins: 0,
    locked_until: null,
    created_at: 1,
    updated_at: 1,
    version: 1,
  });
  const sealKeys = ringOf('seal', 3, 2);
  const indexKeys = ringOf('index', 4, 5);
  const { resealed, lost } = await resealRecords({
    records,
    sealer: createSealer(sealKeys),
    blindIndex: createBlindIndex(indexKeys),
    sealKeys,
    indexKeys,
    republish: async () => undefined,
    quietMs: 0,
  });
  expect({ resealed, lost }).toEqual({ resealed: 1, lost: 0 });
  const [user] = (await records.listUnderOtherKey('users', 'seal_key', { gt: 0 }, null, 9)).items;
  expect(user).toMatchObject({ version: 2, seal_key: 3, email_index_key: 4, email_index: newIndex.of(address).digest });
  expect(createSealer(ringOf('seal', 3)).unseal(user?.email as Buffer, 'usr_a', 'email')).toBe(address);
});

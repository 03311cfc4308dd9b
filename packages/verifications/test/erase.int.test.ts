import { afterAll, beforeAll, expect, test } from 'vitest';
import { createErasure } from '../src/erasure.ts';
import { deriveAddressKeys } from '../src/keys.ts';
import { createSealer } from '../src/seal.ts';
import { locate, shardKeys } from '../src/shards.ts';
import { type Harness, type Opened, opened, openInput, policy, startHarness, wrongCode } from './harness.ts';

let harness: Harness;
let erasure: ReturnType<typeof createErasure>;
beforeAll(async () => {
  harness = await startHarness();
  const { redis, clock, keys } = harness;
  erasure = createErasure({ redis, clock, idKey: keys.idKey, sealer: createSealer(keys.sealKeys) });
});
afterAll(() => harness.close());

const LEASE_MS = 7_000;
const PURPOSES = ['login', 'registration'];
const CONTEXT = { locale: 'pt-BR', metadata: { order: 'o-1' } };
const ASKED = { key: 'key_of_the_erasure', requestId: 'request-of-the-erasure' };
const bare = (id: string) => id.slice('ver_'.length);
const erase = (destination: string, operation = '') =>
  erasure.erase(destination, PURPOSES, { ...harness.call({ operation }), ...ASKED });
const read = (id: string) => harness.verifications.read(id, harness.owner);

function placeOf(destination: string, purpose: string, owner = harness.owner) {
  const { shard, handle } = locate(deriveAddressKeys(harness.keys.idKey), owner, purpose, destination);
  return { shard, keys: shardKeys(shard), destination: shardKeys(shard).destination(handle) };
}

const hashOf = (sent: Opened) => placeOf(sent.destination, 'login').keys.verification(bare(sent.id));

/** What is sealed of a verification, as it stands in its hash. */
async function sealedOf(sent: Opened): Promise<Buffer[]> {
  const { t, k } = await harness.redis.hgetallBuffer(hashOf(sent));
  return [t, k].flatMap((sealed) => (sealed ? [sealed] : []));
}

/** The keys in all of Redis that hold one of these values. */
async function keysWith(values: readonly Buffer[]): Promise<string[]> {
  const nodes = 'nodes' in harness.redis ? harness.redis.nodes('master') : [harness.redis];
  const keys = (await Promise.all(nodes.map((node) => node.keys('*')))).flat();
  const dumps = await Promise.all(keys.map(async (key) => [key, await contentOf(key)] as const));
  return dumps.flatMap(([key, content]) => (values.some((value) => content.includes(value)) ? [key] : []));
}

/** All the bytes of a key, uncompressed. */
async function contentOf(key: string): Promise<Buffer> {
  const { redis } = harness;
  const type = await redis.type(key);
  const flat = (value: unknown): Buffer[] =>
    Array.isArray(value) ? value.flatMap(flat) : Buffer.isBuffer(value) ? [value] : [];
  const parts = {
    string: () => redis.getBuffer(key),
    hash: async () => Object.values(await redis.hgetallBuffer(key)),
    stream: () => redis.xrangeBuffer(key, '-', '+'),
    list: () => redis.lrangeBuffer(key, 0, -1),
    zset: () => redis.zrangeBuffer(key, '0', '-1'),
    set: () => redis.smembersBuffer(key),
  }[type];
  return Buffer.concat(flat([await parts?.()]));
}

test('an erased destination is nowhere in Redis once the records have followed', async () => {
  const input = openInput({ context: CONTEXT });
  const first = await harness.open(input);
  const sealed = await sealedOf(first);
  await harness.judge(first.id, await harness.codeOf(first.deliveryId));
  harness.travel(60_000);
  const second = await harness.open(input);
  const other = await harness.open({ ...input, purpose: 'own_purpose' });
  sealed.push(...(await sealedOf(second)), ...(await sealedOf(other)));
  expect(sealed).toHaveLength(6);
  expect(await keysWith(sealed)).toHaveLength(4);

  const { keys } = placeOf(input.destination, 'login');
  const recorded = await harness.redis.xlen(keys.events);
  await erase(input.destination);
  // What was opened before the latest, or under a purpose that nobody named, the records find.
  expect((await keysWith(await sealedOf(second))).length).toBe(0);
  expect(await erasure.forget([first.id, second.id, other.id].map(bare))).toBe(3);
  expect(await keysWith(sealed)).toEqual([keys.events]);
  // The recorder trims behind its cursor.
  await harness.redis.xtrim(keys.events, 'MAXLEN', (await harness.redis.xlen(keys.events)) - recorded);
  expect(await keysWith(sealed)).toEqual([]);
  expect(await harness.redis.xlen(keys.events)).toBeGreaterThan(0);
  expect(await read(other.id)).toMatchObject({ status: 'canceled', addresses: undefined });
});

test('what is open for it ends, its code verifies no more, and its delivery is not sent', async () => {
  const input = openInput({ context: CONTEXT });
  const bound = await harness.open(
    { ...input, purpose: 'registration', binding: { amount: '1' } },
    { pacingSeconds: [0] },
  );
  const queued = await harness.open(input);
  const sending = await harness.open({ ...input, purpose: 'registration' }, { pacingSeconds: [0] });
  const code = await harness.codeOf(sending.deliveryId);
  await erase(input.destination);
  expect(await harness.deliveries.claim(queued.deliveryId, LEASE_MS)).toEqual({ result: 'ended' });
  for (const { id } of [bound, queued, sending]) {
    expect(await read(id)).toMatchObject({ status: 'canceled', addresses: undefined, locale: undefined });
  }
  expect(await harness.judge(sending.id, code)).toMatchObject({ result: 'canceled' });
  expect((await read(queued.id))?.deliveries).toMatchObject([{ status: 'skipped' }]);
  expect(await harness.verifications.latest(harness.owner, 'login', input.destination, undefined)).toBeNull();
  const resent = await harness.verifications.resend(queued.id, 'sms', policy, harness.call());
  expect(resent).toEqual({ result: 'not_pending', status: 'canceled' });
});

test('the entry for the records stands behind the events of all that it erases, sealed under its own id', async () => {
  const input = openInput();
  const { id } = await harness.open(input);
  const erased = await erase(input.destination);
  expect(erased.id).toMatch(/^ers_[0-9a-hjkmnp-tv-z]{26}$/);
  const { keys } = placeOf(input.destination, 'login');
  const entries = await harness.redis.xrangeBuffer(keys.events, '-', '+');
  const fieldsOf = (entry: (typeof entries)[number]) =>
    Object.fromEntries(entry[1].flatMap((name, at) => (at % 2 === 0 ? [[name.toString(), entry[1][at + 1]]] : [])));
  const tail = entries.slice(-2).map(fieldsOf);
  expect(tail.map(({ v, q, t }) => [v, q, t].map(String))).toEqual([
    [bare(id), '4', 'verification.canceled'],
    [erased.id, '1', 'destination.erased'],
  ]);
  expect(JSON.parse(String(tail[1]?.d))).toEqual({
    project: harness.project,
    actor: ASKED.key,
    request_id: ASKED.requestId,
  });
  const sealer = createSealer(harness.keys.sealKeys);
  expect(sealer.unseal(tail[1]?.s as Buffer, erased.id, 'destination')).toBe(input.destination);
  // The verification's own timeline knows nothing of it.
  expect((await harness.timelineOf(id)).at(-1)?.type).toBe('verification.canceled');
});

test('erasing buys no guesses: the streak stays, and a lock as well', async () => {
  const input = openInput();
  const guess = async (times: number) => {
    const sent = await harness.open(input, { checksMax: 10, pacingSeconds: [0] });
    const wrong = wrongCode(await harness.codeOf(sent.deliveryId));
    const results = [];
    for (let tries = 0; tries < times; tries += 1) results.push((await harness.judge(sent.id, wrong)).result);
    return results;
  };
  expect(new Set(await guess(9))).toEqual(new Set(['incorrect']));
  await erase(input.destination);
  const { destination } = placeOf(input.destination, 'login');
  expect(await harness.redis.hgetall(destination)).toEqual({ k: '9', l: expect.any(String) as string });
  expect(await guess(1)).toEqual(['checks_locked']);
  expect(await harness.redis.pttl(destination)).toBeGreaterThan(29 * 24 * 3600 * 1000);
});

test('its send times are forgotten, so that its owner may come back at once', async () => {
  const input = openInput();
  await harness.open(input);
  const again = () => harness.verifications.open(input, policy, harness.call());
  expect(await again()).toMatchObject({ result: 'resend_too_soon' });
  await erase(input.destination);
  expect(await again()).toMatchObject({ result: 'sent', sendsRemaining: 4 });
});

test("another project's verification of the same number, and other numbers of the shard, stay untouched", async () => {
  const input = openInput();
  const { shard, keys } = placeOf(input.destination, 'login');
  let neighbour = openInput();
  while (placeOf(neighbour.destination, 'login').shard !== shard) neighbour = openInput();
  const mine = await harness.open(input);
  const beside = await harness.open(neighbour);
  const project = `${harness.project}-other`;
  const theirs = opened(await harness.verifications.open(input, policy, harness.call({ project })));
  const others = [
    keys.verification(bare(beside.id)),
    keys.verification(bare(theirs.id)),
    placeOf(neighbour.destination, 'login').destination,
    placeOf(input.destination, 'login', { ...harness.owner, project }).destination,
  ];
  const contents = () => Promise.all(others.map((key) => harness.redis.hgetallBuffer(key)));
  const before = await contents();
  expect(before.every((content) => Object.keys(content).length > 0)).toBe(true);
  await erase(input.destination);
  expect(await contents()).toEqual(before);
  expect(await read(mine.id)).toMatchObject({ status: 'canceled' });
  expect(await harness.deliveries.claim(beside.deliveryId, LEASE_MS)).toMatchObject({ result: 'claimed' });
  expect(await harness.deliveries.claim(theirs.deliveryId, LEASE_MS)).toMatchObject({ result: 'claimed' });
});

test('a repeat of the call gets its own answer and appends nothing; one that comes too late does nothing', async () => {
  const input = openInput();
  const { keys } = placeOf(input.destination, 'login');
  const operation = `erase-${harness.project}`;
  const erased = await erase(input.destination, operation);
  const length = await harness.redis.xlen(keys.events);
  const since = await harness.open(input);
  expect(await erase(input.destination, operation)).toEqual(erased);
  expect(await read(since.id)).toMatchObject({ status: 'pending' });
  expect(await harness.redis.xlen(keys.events)).toBe(length + 2);
  const late = { ...harness.call({ deadline: Date.now() - 1_000 }), ...ASKED };
  await expect(erasure.erase(input.destination, PURPOSES, late)).rejects.toMatchObject({ code: 'unavailable' });
  expect(await read(since.id)).toMatchObject({ status: 'pending', addresses: input.addresses });
});

test('forgetting twice is nothing more than once, and what was opened since keeps its place', async () => {
  const input = openInput();
  const old = await harness.open(input);
  await harness.verifications.cancel(old.id, harness.call());
  harness.travel(60_000);
  const since = await harness.open(input);
  expect(await erasure.forget([bare(old.id)])).toBe(1);
  const events = await harness.timelineOf(old.id);
  expect(await erasure.forget([bare(old.id), '0'.repeat(26)])).toBe(1);
  expect(await harness.timelineOf(old.id)).toEqual(events);
  const latest = await harness.verifications.latest(harness.owner, 'login', input.destination, undefined);
  expect(latest).toBe(since.id);
  expect(await erasure.forget([bare(since.id)])).toBe(1);
  expect(await harness.verifications.latest(harness.owner, 'login', input.destination, undefined)).toBeNull();
  expect((await harness.timelineOf(since.id)).at(-1)?.type).toBe('verification.canceled');
});

test('one that had expired before ends as expired, and one that was approved stays approved', async () => {
  const input = openInput();
  const sent = await harness.open(input);
  const operation = `check-${harness.project}`;
  const code = await harness.codeOf(sent.deliveryId);
  expect(await harness.judge(sent.id, code, { operation })).toMatchObject({ result: 'approved' });
  const over = await harness.open({ ...input, purpose: 'registration' });
  harness.travel(300_001);
  await erase(input.destination);
  expect(await read(over.id)).toMatchObject({ status: 'expired' });
  expect((await harness.timelineOf(over.id)).at(-1)?.type).toBe('verification.expired');
  expect(await read(sent.id)).toMatchObject({ status: 'approved', addresses: undefined });
  // A repeat of its check hears the same, of nobody.
  const repeated = await harness.judge(sent.id, code, { operation });
  expect(repeated).toMatchObject({ result: 'approved', approval: { destination: undefined } });
});

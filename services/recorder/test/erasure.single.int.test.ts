import { existsSync, readFileSync } from 'node:fs';
import { Secret, singleKeyRing } from '@watchword/platform';
import { comparePositions, createBlindIndex, RecordsUnavailable } from '@watchword/records';
import { eventually } from '@watchword/testkit';
import { createErasure, createSealer, createVerifications, type SendPlan } from '@watchword/verifications';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StreamEntry } from '../src/domain/stream-event.ts';
import { createEventStreams } from '../src/streams/event-streams.ts';
import { createOtherShards } from '../src/usecases/other-shards.ts';
import { recordByHand, takeShard } from './by-hand.ts';
import { type Scene, startScene } from './scene.ts';

const POLICY = {
  alphabet: 'digits',
  length: 6,
  codeTtlMs: 300_000,
  checksMax: 3,
  sendsMax: 9,
  sendsWindowMs: 600_000,
  pacingSeconds: [0],
  codesValidMax: 3,
  streakFreeChecks: 1_000,
  endedRetentionMs: 600_000,
  onUnknown: 'resend',
} as const;
const DESTINATION = '+14155550142';
const USER = 'user-of-the-erasure';
const ASKED = { key: 'key_of_the_erasure', requestId: 'request-of-the-erasure' };
const PURPOSES = ['login', 'transaction'];

let scene: Scene;
beforeEach(async () => {
  scene = await startScene();
});
afterEach(() => scene.close());

const keyOf = (name: 'SEAL_KEY' | 'INDEX_KEY' | 'ID_KEY') =>
  new Secret(Buffer.from(scene.environment[name], 'base64url'));

function startMachine() {
  const sealKeys = singleKeyRing(keyOf('SEAL_KEY'));
  const clock = { now: () => Date.now(), serverNow: () => Date.now() };
  const shared = { redis: scene.redis, clock, idKey: keyOf('ID_KEY') };
  const verifications = createVerifications({
    ...shared,
    sealKeys,
    digests: { digest: async (code: string) => Buffer.from(code) },
    profiles: { current: 0, get: async () => ({ memoryKib: 8, pepper: 1 }) },
  });
  const erasure = createErasure({ ...shared, sealer: createSealer(sealKeys) });
  const call = (project: string) => ({ project, mode: 'test', operation: '', deadline: Date.now() + 30_000 }) as const;

  async function open(project: string, phone: string, purpose = 'login', amount = '', email?: string): Promise<string> {
    const context = { client: { user_id: phone === DESTINATION ? USER : 'another user', ip: '192.0.2.77' } };
    const binding = amount === '' ? undefined : { amount };
    const addresses = { phone, ...(email === undefined ? {} : { email }) };
    const plan: SendPlan = { kind: 'at_once', channels: email === undefined ? ['sms'] : ['sms', 'email'] };
    const input = { addresses, purpose, plan, country: 'US', binding, context };
    const sent = await verifications.open(input, POLICY, call(project));
    if (sent.result !== 'sent') throw new Error(sent.result);
    return sent.id.slice('ver_'.length);
  }
  const erase = (project: string, destination = DESTINATION) =>
    erasure.erase(destination, PURPOSES, { ...call(project), ...ASKED });
  return { open, erase, erasure };
}

const untilRecorded = () =>
  eventually('empty streams', 12_000, async () => ((await scene.waiting()) === 0 ? true : undefined));

async function verificationOf(id: string) {
  const state = (await scene.records.readStates([id])).get(id);
  if (!state) throw new Error(`${id} is not recorded`);
  return state.verification;
}

/** Everything that Redis says when it is asked, and every byte of the database's files. */
async function everything(): Promise<Buffer> {
  const { redis } = scene;
  const found: Buffer[] = [];
  for (const key of await redis.keys('ww:*')) {
    const type = await redis.type(key);
    if (type === 'hash') found.push(...Object.values(await redis.hgetallBuffer(key)));
    if (type === 'string') found.push((await redis.getBuffer(key)) ?? Buffer.alloc(0));
    if (type === 'zset') found.push(...(await redis.zrangeBuffer(key, '0', '-1')));
    if (type === 'stream') found.push(...(await redis.xrangeBuffer(key, '-', '+')).flatMap(([, values]) => values));
  }
  for (const suffix of ['', '-wal']) {
    const file = scene.environment.RECORDS_FILE + suffix;
    if (existsSync(file)) found.push(readFileSync(file));
  }
  return Buffer.concat(found);
}

const formsOf = (value: Buffer) => [
  value,
  ...(['hex', 'base64', 'base64url'] as const).map((encoding) => Buffer.from(value.toString(encoding))),
];

test('of an erased destination nothing is left in the database or in Redis, and what happened stays', async () => {
  const machine = startMachine();
  let recorder = await scene.start();
  const recorded = [await machine.open('p', DESTINATION), await machine.open('p', DESTINATION, 'transaction', '10')];
  await untilRecorded();
  const before = await verificationOf(recorded[0] ?? '');
  const blindIndex = createBlindIndex(singleKeyRing(keyOf('INDEX_KEY')));
  expect(before).toMatchObject({
    seal_key: 1,
    channel: 'sms',
    destination_index: blindIndex.of(DESTINATION).digest,
    user_index: blindIndex.ofUser('p', USER).digest,
    user_index_key: 1,
  });
  await scene.stop(recorder);
  // What only the stream knows when the erasure comes, in the same batch, before and after it.
  const waiting = await machine.open('p', DESTINATION, 'transaction', '20');
  const other = await machine.open('p', '+14155550143');
  const [, sealedWaiting] = await scene.sealedIn(waiting);
  const erased = await machine.erase('p');
  const later = await machine.open('p', DESTINATION);
  recorder = await scene.start();
  await untilRecorded();
  // Ending what was open is told behind the erasure, and folded onto what is blank.
  await eventually('an end', 5_000, async () =>
    (await verificationOf(waiting)).status === 'canceled' ? true : undefined,
  );
  for (const id of [...recorded, waiting]) {
    expect(await verificationOf(id)).toMatchObject({
      destination: Buffer.alloc(0),
      seal_key: null,
      destination_index: null,
      destination_index_key: null,
      context: null,
      user_index: null,
      user_index_key: null,
      erased_at: expect.any(Number),
      purpose: expect.any(String),
      country: 'US',
      channel: 'sms',
    });
    expect((await scene.records.readTimeline('p', id))?.length).toBeGreaterThan(1);
  }
  expect(await verificationOf(other)).toMatchObject({ erased_at: null, seal_key: 1 });
  expect(await verificationOf(later)).toMatchObject({ erased_at: null, seal_key: 1 });
  expect((await scene.records.audit.list('p', { after: null, limit: 9 })).items).toMatchObject([
    {
      action: 'destination.erase',
      resource_id: erased.id,
      after: { verifications: 3 },
      actor: ASKED.key,
      request_id: ASKED.requestId,
    },
  ]);
  expect(await scene.records.listPoison(9)).toEqual([]);

  // The one that was opened later has the same number and index: that is erased as well, and then nothing may be found.
  await machine.erase('p');
  await untilRecorded();
  await scene.stop(recorder);
  await eventually('a purge', 5_000, async () => ((await scene.records.purge()) ? true : undefined));
  const all = await everything();
  const sought = [
    before.destination,
    before.context as Buffer,
    before.destination_index as Buffer,
    before.user_index as Buffer,
    sealedWaiting as Buffer,
    Buffer.from(DESTINATION),
    Buffer.from(DESTINATION.slice(1)),
    Buffer.from(USER),
  ];
  for (const [index, value] of sought.entries()) {
    for (const form of formsOf(value)) expect(all.includes(form), `value ${index}`).toBe(false);
  }
  // The search itself finds what is there.
  expect(all.includes((await verificationOf(other)).destination)).toBe(true);
}, 40_000);

test("another project's verifications of the destination stay", async () => {
  const machine = startMachine();
  await scene.start();
  const [ours, theirs] = [await machine.open('p', DESTINATION), await machine.open('q', DESTINATION)];
  await machine.erase('p');
  await untilRecorded();
  expect(await verificationOf(ours)).toMatchObject({ seal_key: null });
  expect(await verificationOf(theirs)).toMatchObject({ seal_key: 1, erased_at: null });
});

test.each(['forgetting in Redis', 'erasing', 'moving the cursor'])(
  'cut off at %s, an erasure is done again',
  async (at) => {
    const machine = startMachine();
    const ids = [await machine.open('p', DESTINATION), await machine.open('p', DESTINATION, 'transaction', '10')];
    const erased = await machine.erase('p');
    let isCut = false;
    const cutOnce = <A extends unknown[], R>(what: string, work: (...args: A) => Promise<R>) => {
      return async (...args: A): Promise<R> => {
        if (
          what === at &&
          !isCut &&
          (what !== 'moving the cursor' || (await verificationOf(ids[0] ?? '').catch(() => null))?.erased_at)
        ) {
          isCut = true;
          if (what === 'erasing') await work(...args);
          throw new RecordsUnavailable('cut off by the test');
        }
        return work(...args);
      };
    };
    const { records } = scene;
    const record = recordByHand({
      records: {
        ...records,
        eraseVerifications: cutOnce('erasing', records.eraseVerifications),
        writeBatch: cutOnce('moving the cursor', records.writeBatch),
      },
      sealer: createSealer(singleKeyRing(keyOf('SEAL_KEY'))),
      blindIndex: createBlindIndex(singleKeyRing(keyOf('INDEX_KEY'))),
      forgetting: { forget: cutOnce('forgetting in Redis', machine.erasure.forget) },
    });
    const [shard, entries] = await scene.entriesOf(ids[0] ?? '');
    const lease = await takeShard(records, shard, 'rec_a');
    await expect(record(lease, entries)).rejects.toThrow('cut off');
    const come = (await records.cursors()).find(({ id }) => id === shard)?.position ?? '';
    const left = entries.filter(({ position }) => comparePositions(position, come) > 0);
    expect(await record({ ...lease, position: come }, left)).toBe('written');
    expect(isCut).toBe(true);
    for (const id of ids) expect(await verificationOf(id)).toMatchObject({ seal_key: null, status: 'canceled' });
    expect((await records.audit.list('p', { after: null, limit: 9 })).items).toMatchObject([
      { resource_id: erased.id, after: { verifications: 2 } },
    ]);
  },
);

test('an erasure that does not open is set aside, and says so', async () => {
  const machine = startMachine();
  await scene.start();
  const id = await machine.open('p', DESTINATION);
  const [shard] = await scene.entriesOf(id);
  const sealed = createSealer(singleKeyRing(keyOf('SEAL_KEY'))).seal(DESTINATION, 'ers_other', 'destination');
  const erasure = { v: `ers_${'0'.repeat(26)}`, q: 1, t: 'destination.erased', a: 1, d: '{"project":"p"}' };
  await scene.add(Number(shard), { ...erasure, s: sealed });
  await untilRecorded();
  const [poison] = await scene.records.listPoison(9);
  expect(poison).toMatchObject({
    reason: 'destination does not open',
    fields: { s: `sealed: ${sealed.length} bytes` },
  });
});

/** A recorder of the scene's database that is asked by hand, and what it forgets in Redis. */
function startByHand(shard: string) {
  const { records } = scene;
  const forgotten: string[] = [];
  const take = (owner: string) => takeShard(records, shard, owner);
  const record = recordByHand({
    records,
    sealer: createSealer(singleKeyRing(keyOf('SEAL_KEY'))),
    blindIndex: createBlindIndex(singleKeyRing(keyOf('INDEX_KEY'))),
    otherShards: createOtherShards({ records, streams: createEventStreams(scene.redis) }),
    forgetting: { forget: async (ids) => forgotten.push(...ids) },
  });
  return { take, record, forgotten };
}

const isErasure = ({ fields }: { fields: Record<string, Buffer> }) => fields.t?.toString() === 'destination.erased';

test('a recorder that has lost its shard erases nothing, neither in the database nor in Redis', async () => {
  const machine = startMachine();
  const id = await machine.open('fenced', DESTINATION);
  await machine.erase('fenced');
  const [shard, entries] = await scene.entriesOf(id);
  const { take, record, forgotten } = startByHand(shard);
  const lease = await take('rec_a');
  const events = entries.slice(0, entries.findIndex(isErasure));
  expect(await record(lease, events)).toBe('written');
  const lost = { ...lease, position: events.at(-1)?.position ?? '' };
  await take('rec_b');
  expect(await record(lost, entries.filter(isErasure))).toBe('fenced');
  expect(forgotten).toEqual([]);
  expect(await verificationOf(id)).toMatchObject({ seal_key: 1, erased_at: null });
  expect((await scene.records.audit.list('fenced', { after: null, limit: 9 })).items).toEqual([]);
});

test('what was opened while an erasure was on its way to Redis is erased, and what was opened after it is not', async () => {
  const machine = startMachine();
  const id = await machine.open('late', DESTINATION);
  const [shard] = await scene.entriesOf(id);
  const meanwhile = await scene.live(Number(shard), Date.now() + 1_000, DESTINATION, 'late');
  const later = await scene.live(Number(shard), Date.now() + 60_000, DESTINATION, 'late');
  await machine.erase('late');
  const [, entries] = await scene.entriesOf(id);
  const { take, record, forgotten } = startByHand(shard);
  // As if somebody else had recorded it, before this one came to the erasure.
  expect(await record(await take('rec_a'), entries)).toBe('written');
  expect(forgotten.toSorted()).toEqual([id, meanwhile].toSorted());
  for (const erased of [id, meanwhile]) expect(await verificationOf(erased)).toMatchObject({ seal_key: null });
  expect(await verificationOf(later)).toMatchObject({ seal_key: 1, erased_at: null });
});

const EMAIL = 'erased@example.com';

test('erased by one of several addresses, a verification of another shard is blank, and is found by none of them', async () => {
  const machine = startMachine();
  const numbers = Array.from({ length: 5 }, (_, index) => `+1415555020${index}`);
  const ids: string[] = [];
  for (const number of numbers) ids.push(await machine.open('p', number, 'login', '', EMAIL));
  const other = await machine.open('p', '+14155550210', 'login', '', 'other@example.com');
  await machine.erase('p', EMAIL);
  await scene.start();
  await untilRecorded();
  for (const id of ids) {
    expect(await verificationOf(id)).toMatchObject({
      destination: Buffer.alloc(0),
      destination_index: null,
      second_index: null,
      third_index: null,
      context: null,
      erased_at: expect.any(Number),
    });
  }
  expect(await verificationOf(other)).toMatchObject({ erased_at: null, second_index: expect.any(Buffer) });
  const blindIndex = createBlindIndex(singleKeyRing(keyOf('INDEX_KEY')));
  const digests = [EMAIL, ...numbers].map((address) => blindIndex.of(address).digest);
  expect(await scene.records.findByDestination('p', digests, Number.MAX_SAFE_INTEGER)).toEqual([]);
  expect(await scene.records.listPoison(9)).toEqual([]);
}, 30_000);

test('an erasure waits for what other shards have not recorded yet, and for nothing that came later', async () => {
  const machine = startMachine();
  const number = '+14155550300';
  const id = await machine.open('elsewhere', number, 'login', '', EMAIL);
  const [shard, entries] = await scene.entriesOf(id);
  const opened = Number(entries.at(-1)?.position.split('-')[0]);
  await eventually('another millisecond', 1_000, async () => (Date.now() > opened + 1 ? true : undefined));
  await machine.erase('elsewhere', EMAIL);
  const isOwn = ({ fields }: StreamEntry) => isErasure({ fields });
  const streams = createEventStreams(scene.redis);
  const found = await Promise.all(
    streams.shards.map(async (one) => [one, await streams.read(one, '0-0', 99)] as const),
  );
  const [at = '', erasing = []] = found.find(([one, all]) => one !== shard && all.some(isOwn)) ?? [];
  expect(at).not.toBe('');
  const behind = startByHand(at);
  const lease = await behind.take('rec_a');
  expect(await behind.record(lease, erasing)).toBe('waiting');
  expect(behind.forgotten).toEqual([]);
  const first = startByHand(shard);
  const events = entries.filter((entry) => !isOwn(entry));
  expect(await first.record(await first.take('rec_b'), events)).toBe('written');
  const again = (await scene.records.cursors()).find((cursor) => cursor.id === at);
  expect(await behind.record({ ...lease, position: again?.position ?? '' }, erasing.filter(isOwn))).toBe('written');
  expect(behind.forgotten).toEqual([id]);
  expect(await verificationOf(id)).toMatchObject({ seal_key: null, second_index: null });
});

import { createHash } from 'node:crypto';
import { latencyCounter } from '@watchword/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startConsole, type TestConsole } from './console.fixture.ts';
import { OPENED, type Opened, record, recordedBy, ringOf } from './records.fixture.ts';

const keyOf = (name: string) => createHash('sha256').update(`watchword search test ${name}`).digest('base64url');
const OLDER = `1:${keyOf('older')}`;
const INDEX_KEY = `2:${keyOf('newer')},${OLDER}`;
const SEAL_KEY = keyOf('seal');
const seal = ringOf(SEAL_KEY);

const idOf = (index: number) => `${String(index).padStart(2, '0')}${'z'.repeat(24)}`;
const MINUTE = 60_000;
const A = '+15550001111';
const B = '+15550002222';
const EMAIL = 'ann@example.com';
const TOKEN = 'fcm-device-token:1234567890-abcdef';

/** One each that a filter finds, and some that none of them does. */
const opened: Partial<Opened>[] = [
  { to: A, status: 'blocked' },
  { to: A, country: 'DE' },
  { to: B, provider: 'vonage' },
  { to: B, purpose: 'registration' },
  { to: B, userId: 'user-1' },
  { to: B, channel: null, provider: null },
  { to: B, status: 'pending', ended_at: null, undeliverable: true, mode: 'test' },
  { to: B },
  { to: B },
  { to: B, email: EMAIL, channel: 'email' },
  { to: EMAIL, channel: 'email' },
  { to: TOKEN, channel: 'push' },
  {
    to: B,
    email: EMAIL,
    channel: 'email',
    channels: ['sms', 'email'],
    provider: 'smtp',
    providers: ['twilio', 'smtp'],
  },
];

let console: TestConsole;
let project: string;
let other: string;

beforeAll(async () => {
  console = await startConsole({ env: { INDEX_KEY, SEAL_KEY } });
  project = await console.project();
  other = await console.project();
  const byOlder = recordedBy({ seal, index: ringOf(OLDER) });
  const byNewer = recordedBy({ seal, index: ringOf(INDEX_KEY) });
  const documentOf = (fields: Partial<Opened>, index: number) =>
    (index % 2 === 0 ? byOlder : byNewer)({
      project,
      to: B,
      ...fields,
      id: idOf(index),
      opened_at: OPENED + index * MINUTE,
    });
  await record(console.file, opened.map(documentOf));
});
afterAll(() => console.close());

const search = (query: Record<string, string> = {}, options: object = {}) =>
  console.call('GET', `/v1/verifications?${new URLSearchParams(query).toString()}`, undefined, { project, ...options });
const statistics = (query: Record<string, string>, options: object = {}) =>
  console.call('GET', `/v1/stats?${new URLSearchParams(query).toString()}`, undefined, { project, ...options });
const newestFirst = (...indexes: number[]) => indexes.toSorted((a, b) => b - a).map((index) => `ver_${idOf(index)}`);
const idsOf = (body: { items: { id: string }[] }) => body.items.map(({ id }) => id);

test.each<[string, Record<string, string>, number[]]>([
  ['nothing', {}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
  ['status', { status: 'blocked' }, [0]],
  ['country', { country: 'DE' }, [1]],
  ['provider', { provider: 'vonage' }, [2]],
  ['purpose', { purpose: 'registration' }, [3]],
  ['purpose, by its other name', { purpose: 'verification' }, [3]],
  ['channel, of any delivery', { channel: 'sms' }, [0, 1, 2, 3, 4, 6, 7, 8, 12]],
  ['channel, of the newest delivery', { channel: 'email' }, [9, 10, 12]],
  ['provider, of any attempt', { provider: 'smtp', channel: 'sms' }, [12]],
  ['user_id', { user_id: 'user-1' }, [4]],
  ['destination, whichever key of the ring it was indexed under', { destination: A }, [0, 1]],
  ['an e-mail address, also beside a number, in any case', { destination: 'Ann@EXAMPLE.com' }, [9, 10, 12]],
  ['the number beside which it stands', { destination: B, channel: 'email' }, [9, 12]],
  ['a device token', { destination: TOKEN }, [11]],
  ['an address that nothing went to', { destination: 'nobody@example.com' }, []],
  ['from', { from: new Date(OPENED + 7 * MINUTE).toISOString() }, [7, 8, 9, 10, 11, 12]],
  ['to, which is not included', { to: '2026-11-20T10:01:00+02:00' }, [0]],
  ['several at once', { destination: A, country: 'DE', status: 'approved', channel: 'sms' }, [1]],
  ['several that do not meet', { destination: A, user_id: 'user-1' }, []],
])('finds by %s', async (_, query, indexes) => {
  const { status, body } = await search(query);
  expect(status).toBe(200);
  expect(idsOf(body)).toEqual(newestFirst(...indexes));
  expect(body.next_cursor).toBeNull();
});

test('a plus sign that was not encoded is still one', async () => {
  const path = `/v1/verifications?destination=${A}&country=US`;
  const { body } = await console.call('GET', path, undefined, { project });
  expect(idsOf(body)).toEqual(newestFirst(0));
});

test('what is found is the public shape, and never a whole destination', async () => {
  const { body } = await search();
  const at = (minutes: number) => new Date(OPENED + minutes * MINUTE).toISOString();
  const found = Object.fromEntries(body.items.map((item) => [item.id, item]));
  expect(found[`ver_${idOf(1)}`]).toEqual({
    id: `ver_${idOf(1)}`,
    status: 'approved',
    mode: 'live',
    purpose: 'login',
    country: 'DE',
    channel: 'sms',
    provider: 'twilio',
    to_masked: '+1********11',
    undeliverable: false,
    checks_remaining: 3,
    created_at: at(1),
    expires_at: at(5),
    ended_at: at(1),
  });
  const maskedOf = (index: number) => found[`ver_${idOf(index)}`]?.to_masked;
  expect([9, 10, 11].map(maskedOf)).toEqual(['a***@example.com', 'a***@example.com', '***cdef']);
  expect(found[`ver_${idOf(6)}`]).toMatchObject({ status: 'pending', undeliverable: true, mode: 'test' });
  expect(found[`ver_${idOf(6)}`]).not.toHaveProperty('ended_at');
  expect(found[`ver_${idOf(5)}`]).not.toHaveProperty('channel');
  expect(JSON.stringify(body)).not.toMatch(/5550001111|5550002222|ann@|fcm-device/);
});

test('one that was erased is found without its destination, and by no destination', async () => {
  const erased = await console.project();
  const blank = { destination: Buffer.alloc(0), seal_key: null, destination_index: null, destination_index_key: null };
  const make = recordedBy({ seal, index: ringOf(INDEX_KEY) });
  await record(console.file, [{ ...make({ id: idOf(50), project: erased, to: A }), ...blank, erased_at: OPENED }]);
  expect((await search({}, { project: erased })).body.items).toEqual([expect.objectContaining({ to_masked: '+***' })]);
  expect((await search({ destination: A }, { project: erased })).body.items).toEqual([]);
});

test('another project finds nothing of it', async () => {
  for (const query of [{}, { destination: A }, { user_id: 'user-1' }, { status: 'blocked' }]) {
    expect((await search(query, { project: other })).body).toEqual({ items: [], next_cursor: null });
  }
});

test('pages go on where the last one ended, each with its own filters only', async () => {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const { body } = await search({ destination: B, limit: '2', ...(cursor === null ? {} : { cursor }) });
    ids.push(...idsOf(body));
    cursor = body.next_cursor;
  } while (cursor !== null);
  expect(ids).toEqual(newestFirst(2, 3, 4, 5, 6, 7, 8, 9, 12));

  const { body } = await search({ destination: B, limit: '2' });
  const next = { cursor: body.next_cursor as string };
  expect(body.next_cursor).not.toContain(Buffer.from(B).toString('base64url'));
  expect((await search({ destination: B, limit: '5', ...next })).status).toBe(200);
  for (const query of [
    {},
    { destination: A },
    { destination: B, status: 'approved' },
    { destination: B, to: '2027-01-01T00:00:00Z' },
  ]) {
    expect((await search({ ...query, ...next })).body).toMatchObject({ status: 400, errors: [{ pointer: '/cursor' }] });
  }
  expect((await search({ destination: B, ...next }, { project: other })).status).toBe(400);
});

test('every value that cannot be is named', async () => {
  const { body } = await search({
    status: 'done',
    channel: 'pigeon',
    country: 'Germany',
    purpose: 'LOGIN',
    limit: '101',
    sort: 'id',
    from: 'yesterday',
    to: '2026-11-20',
    cursor: '',
    destination: '1',
    provider: '',
    user_id: '',
  });
  const pointers = ['status', 'channel', 'country', 'purpose', 'limit', 'sort', 'from', 'to', 'cursor'];
  expect(body.status).toBe(400);
  expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).toSorted()).toEqual(
    [...pointers, 'destination', 'provider', 'user_id'].map((name) => `/${name}`).toSorted(),
  );
  for (const [query, pointer] of [
    [{ from: '2026-11-20T08:00:00Z', to: '2026-11-20T08:00:00Z' }, '/to'],
    [{ destination: '015550001111' }, '/destination'],
    [{ destination: 'ann@' }, '/destination'],
    [{ destination: '+1' }, '/destination'],
    [{ cursor: 'made-up' }, '/cursor'],
  ] as const) {
    expect((await search(query)).body).toMatchObject({ code: 'invalid_request', errors: [{ pointer }] });
  }
});

test('statistics add up what was counted, of this project, in this time', async () => {
  const counted = await console.project();
  const day = Date.parse('2026-11-19T00:00:00Z');
  const base = { mode: 'live', channel: 'sms', purpose: 'login', template: '' } as const;
  const row = (hour: number, country: string, provider: string, sent: number) => ({
    ...base,
    project: counted,
    country,
    provider,
    resolution: 'minute' as const,
    bucket: day + hour * 60 * MINUTE,
    counters: {
      sent,
      accepted: sent,
      delivered: sent - 1,
      verifications: sent,
      approved: sent / 2,
      cost_micros: 10 * sent,
      [latencyCounter('accepted_ms', 100)]: sent,
      [latencyCounter('delivered_ms', 2_000)]: sent - 1,
    },
  });
  const rows = [
    row(1, 'DE', 'one', 4),
    row(1, 'DE', 'two', 2),
    row(2, 'DE', 'one', 6),
    row(2, 'US', 'one', 8),
    row(9, 'US', 'one', 2),
  ];
  const foreign = { ...row(1, 'DE', 'one', 100), project: other };
  const wholeDay = { ...row(0, 'US', 'one', 50), resolution: 'day' as const };
  await record(console.file, [], [...rows, foreign, wholeDay]);
  const range = { from: '2026-11-19T00:30:00Z', to: '2026-11-19T08:00:00Z' };
  const options = { project: counted };

  const { body } = await statistics({ group_by: 'country', ...range }, options);
  expect(body).toMatchObject({ from: '2026-11-19T00:30:00.000Z', to: '2026-11-19T08:00:00.000Z' });
  expect(body.rows).toEqual([
    expect.objectContaining({ country: 'DE', sent: 12, delivered: 9, approved: 6, conversion: 0.5, cost_micros: 120 }),
    expect.objectContaining({ country: 'US', sent: 8, delivered: 7, delivery_rate: 7 / 8, rejected: 0 }),
  ]);
  const [first] = body.rows;
  expect(Math.abs(first.accepted_ms.p50 - 100)).toBeLessThanOrEqual(5);
  expect(Math.abs(first.delivered_ms.p95 - 2_000)).toBeLessThanOrEqual(90);

  const hourly = await statistics({ group_by: 'hour,provider', country: 'DE', ...range }, options);
  expect(
    hourly.body.rows.map((each: { time: string; provider: string; sent: number }) => [
      each.time.slice(11, 13),
      each.provider,
      each.sent,
    ]),
  ).toEqual([
    ['01', 'one', 4],
    ['01', 'two', 2],
    ['02', 'one', 6],
  ]);
  const daily = await statistics(
    { group_by: 'day', from: '2026-11-19T00:00:00Z', to: '2026-11-20T00:00:00Z' },
    options,
  );
  expect(daily.body.rows).toEqual([expect.objectContaining({ time: '2026-11-19T00:00:00.000Z', sent: 50 })]);
  expect((await statistics({ group_by: 'country', purpose: 'transaction', ...range }, options)).body.rows).toEqual([]);
});

test.each<[Record<string, string>, string]>([
  [{}, '/group_by'],
  [{ group_by: 'colour' }, '/group_by'],
  [{ group_by: 'minute,hour' }, '/group_by'],
  [{ group_by: 'country,country' }, '/group_by'],
  [{ group_by: 'country,channel,mode,purpose' }, '/group_by'],
  [{ group_by: 'minute', from: '2026-11-01T00:00:00Z', to: '2026-11-08T00:00:00Z' }, '/group_by'],
  [{ group_by: 'country', from: '2026-11-02T00:00:00Z', to: '2026-11-01T00:00:00Z' }, '/to'],
  [{ group_by: 'country', project: 'another' }, '/project'],
])('statistics by %j are refused at %s', async (query, pointer) => {
  expect((await statistics(query)).body).toMatchObject({ code: 'invalid_request', errors: [{ pointer }] });
});

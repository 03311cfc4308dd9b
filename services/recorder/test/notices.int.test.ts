import { randomBytes } from 'node:crypto';
import { connectRedis, createLogger, encodeBase32, type RedisConnection, Secret } from '@watchword/platform';
import type { Batch } from '@watchword/records';
import { eventually } from '@watchword/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createNoticeBoard } from '../src/notices/notice-board.ts';
import { createNoticeRelay } from '../src/notices/notice-relay.ts';
import { startNotices } from '../src/notices/notices.ts';
import { type Mailbox, startMailbox } from './mailbox.ts';
import { type Scene, startScene } from './scene.ts';

const ADMIN = 'admin@acme.example';
const EVERY_MS = 10 * 60_000;
const LEASE_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;

let redis: RedisConnection;
let mailbox: Mailbox;
let now: number;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const logger = createLogger({ service: 'test', level: 'silent' });
  redis = await connectRedis({ url: new Secret(inject('redisUrl')), name: 'test', profile: 'worker', logger });
});
afterAll(() => redis.disconnect());
beforeEach(async () => {
  now = 1_800_000_000_000;
  await redis.del('ww:{notices}:due', 'ww:{notices}:p', 'ww:{notices}:q');
  mailbox = await startMailbox();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await mailbox.close();
});

interface RecorderOptions {
  readonly admins?: readonly string[];
  readonly url?: string;
  /** How often Redis does not take what is to be noted. */
  readonly unnoted?: number;
}

/** What one recorder does about notices; `told` is what its log would say. */
function startRecorder({ admins = [ADMIN], url = mailbox.url, unnoted = 0 }: RecorderOptions = {}) {
  const relay = createNoticeRelay({
    NOTICE_SMTP_URL: new Secret(url),
    NOTICE_FROM: 'Watchword <notices@acme.example>',
    ADMIN_EMAIL: undefined,
  });
  if (relay === undefined) throw new Error('no relay');
  const told: string[] = [];
  let rounds = 0;
  const board = createNoticeBoard({ redis, now: () => now, everyMs: EVERY_MS, leaseMs: LEASE_MS });
  const claim = () => {
    rounds += 1;
    return board.claim();
  };
  let refusals = unnoted;
  const note: typeof board.note = (...args) => {
    refusals -= 1;
    return refusals < 0 ? board.note(...args) : Promise.reject(new Error('Redis is away'));
  };
  const notices = startNotices({
    board: { ...board, claim, note },
    relay,
    findAdmins: async () => [...admins],
    observer: {
      told: (project, count) => told.push(`told ${project} ${count}`),
      untold: (project, reasons) => told.push(`untold ${project} ${reasons.join(', ')}`),
      dropped: (project) => told.push(`dropped ${project}`),
      failing: () => told.push('failing'),
    },
    now: () => now,
    lookEveryMs: 20,
  });
  const stop = async () => {
    await notices.stop();
    await relay.close();
  };
  ends.push(stop);
  return { ...notices, told, rounds: () => rounds, stop };
}

/** A batch in which so many codes of a project could not be delivered. */
function undelivered(count = 1, project = 'p', mode = 'live', channels = 'sms,whatsapp'): Batch {
  const ids = Array.from({ length: count }, () => encodeBase32(randomBytes(16)));
  const batch = {
    events: ids.map((verification) => ({ verification, type: 'verification.undeliverable', data: { channels } })),
    verifications: ids.map((id) => ({ id, project, mode })),
  };
  return batch as unknown as Batch;
}

const mails = (count: number) =>
  eventually(`${count} mails`, 10_000, async () => (mailbox.mails.length >= count ? mailbox.mails : undefined));
const saying = (told: readonly string[], text: string, times = 1) =>
  eventually(text, 10_000, async () => (told.filter((line) => line.includes(text)).length >= times ? true : undefined));
/** A few rounds of its loop, in which a mail would have been sent. */
async function quiet({ rounds }: Pick<ReturnType<typeof startRecorder>, 'rounds'>): Promise<void> {
  const [sent, from] = [mailbox.mails.length, rounds()];
  await eventually('three rounds', 10_000, async () => (rounds() >= from + 4 ? true : undefined));
  expect(mailbox.mails).toHaveLength(sent);
}

describe('a notice', () => {
  test('tells the admins what happened, and names nobody', async () => {
    const recorder = startRecorder({ admins: [ADMIN, 'owner@acme.example'] });
    recorder.take(undelivered(3));
    const [first, second] = await mails(2);
    expect([first?.to, second?.to]).toEqual([ADMIN, 'owner@acme.example']);
    expect(first?.from).toBe('notices@acme.example');
    expect(first?.source).toContain('Subject: Watchword: 3 codes of project p could not be delivered');
    expect(first?.source).toContain('3 codes of the project "p" could not be delivered over sms, whatsapp');
    expect(first?.source).toContain(new Date(now).toISOString());
    expect(first?.source).not.toMatch(/\+\d{5}/);
    await saying(recorder.told, 'told p 2');
  });

  test('comes once in ten minutes, with the count of what happened since', async () => {
    const recorder = startRecorder();
    recorder.take(undelivered());
    await mails(1);
    recorder.take(undelivered(2));
    recorder.take(undelivered(4, 'p', 'test', 'email'));
    await quiet(recorder);
    now += EVERY_MS - 1;
    await quiet(recorder);
    now += 1;
    const [, second] = await mails(2);
    expect(second?.source).toContain('6 codes of the project "p"');
    expect(second?.source).toContain('over email, sms, whatsapp');
    expect(second?.source).toContain('4 of them with test keys');
    now += 2 * EVERY_MS;
    await quiet(recorder);
    recorder.take(undelivered());
    expect((await mails(3)).at(-1)?.source).toContain('1 code of the project "p"');
  });

  test('of one project does not wait for another’s', async () => {
    const recorder = startRecorder();
    recorder.take(undelivered());
    await mails(1);
    recorder.take(undelivered(1, 'q'));
    expect((await mails(2)).at(-1)?.source).toContain('project "q"');
  });

  test('is sent by one of all recorders, with what all have seen', async () => {
    const recorders = Array.from({ length: 5 }, () => startRecorder());
    for (const recorder of recorders) recorder.take(undelivered(2));
    await mails(1);
    for (const recorder of recorders) await quiet(recorder);
    now += EVERY_MS;
    // What was noted after the first was claimed is in the second; nothing is in both.
    const counted = async () => mailbox.mails.map(({ source }) => Number(/Watchword: (\d+) code/.exec(source)?.[1]));
    const all = () => counted().then((counts) => counts.reduce((sum, count) => sum + count, 0));
    await eventually('ten codes', 10_000, async () => ((await all()) >= 10 ? true : undefined));
    expect(await all()).toBe(10);
  });

  test('that the relay refuses for now is sent later, and later', async () => {
    const recorder = startRecorder();
    mailbox.refuse(451);
    recorder.take(undelivered(2));
    await saying(recorder.told, 'untold p transient 451');
    now += 30_000;
    await saying(recorder.told, 'untold', 2);
    now += 59_999;
    await quiet(recorder);
    expect(recorder.told).toHaveLength(2);
    now += 1;
    await saying(recorder.told, 'untold', 3);
    mailbox.refuse(undefined);
    recorder.take(undelivered());
    now += EVERY_MS;
    expect((await mails(1))[0]?.source).toContain('3 codes');
  });

  test('that nobody took within a day is dropped, and the next one is sent', async () => {
    const recorder = startRecorder({ admins: [] });
    recorder.take(undelivered(2));
    await saying(recorder.told, 'untold p no_admin');
    // Redis still has it then.
    for (const key of ['due', 'p']) {
      expect(await redis.pttl(`ww:{notices}:${key}`)).toBeGreaterThan(24 * HOUR_MS + EVERY_MS);
    }
    now += 24 * HOUR_MS + 1;
    await saying(recorder.told, 'dropped p');
    await recorder.stop();
    now += EVERY_MS;
    const other = startRecorder();
    other.take(undelivered());
    expect((await mails(1))[0]?.source).toContain('1 code');
  });

  test('of a recorder that died while it sent is sent by another, once its lease has ended', async () => {
    const dead = createNoticeBoard({ redis, now: () => now, everyMs: EVERY_MS, leaseMs: LEASE_MS });
    await dead.note('p', { live: 3, test: 0, channels: ['sms'] });
    const claimed = await dead.claim();
    const recorder = startRecorder();
    await quiet(recorder);
    now += LEASE_MS;
    expect((await mails(1))[0]?.source).toContain('3 codes');
    await saying(recorder.told, 'told p 1');
    // It was not dead after all: it takes nothing off again.
    if (claimed) await dead.settle(claimed, 'told');
    recorder.take(undelivered(2));
    now += EVERY_MS;
    expect((await mails(2)).at(-1)?.source).toContain('2 codes');
  });

  test('is claimed one by one: while its mails are sent, another recorder has the next', async () => {
    const options = { redis, now: () => now, everyMs: EVERY_MS, leaseMs: LEASE_MS };
    const [one, other] = [createNoticeBoard(options), createNoticeBoard(options)];
    for (const project of ['p', 'q']) await one.note(project, { live: 1, test: 0, channels: ['sms'] });
    const claimed = [await one.claim(), await other.claim()];
    expect(new Set(claimed.map((notice) => notice?.project))).toEqual(new Set(['p', 'q']));
    expect(await one.claim()).toBeUndefined();
  });

  test('counts what Redis did not take at first', async () => {
    const recorder = startRecorder({ unnoted: 3 });
    recorder.take(undelivered(2));
    recorder.take(undelivered(1, 'p', 'live', 'email'));
    expect((await mails(1))[0]?.source).toContain('3 codes of the project "p" could not be delivered over email, sms');
    expect(recorder.told.filter((line) => line === 'failing')).toHaveLength(1);
  });

  test('is noted when its recorder ends, and told by the next', async () => {
    const ending = startRecorder({ url: 'smtp://127.0.0.1:1' });
    await ending.stop();
    ending.take(undelivered(2));
    await ending.stop();
    startRecorder();
    expect((await mails(1))[0]?.source).toContain('2 codes');
  });
});

describe('recording', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await startScene();
  });
  afterEach(() => scene.close());

  async function failToDeliver(): Promise<string> {
    const id = encodeBase32(randomBytes(16));
    const lived = await scene.live(3);
    const [, entries] = await scene.entriesOf(lived);
    const opened = entries.find(({ fields }) => fields.v?.toString() === lived)?.fields ?? {};
    const sealed = scene.sealFor('+14155550123', id);
    await scene.add(3, { ...opened, v: id, s: sealed });
    const delivery = `del_${id}-1`;
    await scene.add(3, { v: id, q: 2, t: 'delivery.queued', a: 2, d: JSON.stringify({ delivery, channel: 'sms' }) });
    await scene.add(3, { v: id, q: 3, t: 'delivery.ended', a: 3, d: JSON.stringify({ delivery, status: 'failed' }) });
    await scene.add(3, { v: id, q: 4, t: 'verification.undeliverable', a: 4, d: JSON.stringify({ channels: 'sms' }) });
    return id;
  }
  const untilRecorded = () =>
    eventually('empty streams', 12_000, async () => ((await scene.waiting()) === 0 ? true : undefined));

  test('tells ADMIN_EMAIL where a project has no owner or admin', async () => {
    await failToDeliver();
    await scene.start({ NOTICE_SMTP_URL: mailbox.url, NOTICE_FROM: 'n@acme.example', ADMIN_EMAIL: ADMIN });
    const [mail] = await mails(1);
    expect(mail).toMatchObject({ to: ADMIN, from: 'n@acme.example' });
    expect(mail?.source).toContain('1 code of the project "p"');
    expect(mail?.source).not.toContain('14155550123');
  });

  test('tells the owners and admins of the project, and of the platform, and nobody else', async () => {
    const roles = { p_admin: { p: 'admin' }, owner: { '*': 'owner' }, viewer: { p: 'viewer' }, other: { q: 'owner' } };
    for (const [name, role] of Object.entries(roles)) await scene.addUser(`${name}@acme.example`, role);
    await failToDeliver();
    await scene.start({ NOTICE_SMTP_URL: mailbox.url, NOTICE_FROM: 'n@acme.example', ADMIN_EMAIL: ADMIN });
    const to = (await mails(2)).map((mail) => mail.to).toSorted();
    expect(to).toEqual(['owner@acme.example', 'p_admin@acme.example']);
  });

  test('goes on while the relay hangs', async () => {
    mailbox.refuse('hang');
    await failToDeliver();
    const recorder = await scene.start({
      NOTICE_SMTP_URL: mailbox.url,
      NOTICE_FROM: 'n@acme.example',
      ADMIN_EMAIL: ADMIN,
    });
    await untilRecorded();
    await scene.live(5);
    await untilRecorded();
    expect(await scene.metric(recorder, 'watchword_recording_lag_seconds')).toBe(0);
  });

  test('is refused half of what notices need, by name', async () => {
    await expect(scene.start({ NOTICE_SMTP_URL: mailbox.url })).rejects.toThrow(/NOTICE_FROM/);
  });
});

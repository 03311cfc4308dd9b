import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connectRedis,
  createLogger,
  encodeBase32,
  parseEnvironment,
  type RunningService,
  Secret,
  singleKeyRing,
} from '@watchword/platform';
import { openRecords, type Records } from '@watchword/records';
import { createSealer, SHARDS, shardKeys } from '@watchword/verifications';
import { inject } from 'vitest';
import type { StreamEntry } from '../src/domain/stream-event.ts';
import { composeRecorder, type RecorderParts, recorderVariables } from '../src/index.ts';
import { createEventStreams } from '../src/streams/event-streams.ts';

const keyOf = (name: string) => createHash('sha256').update(`watchword test ${name}`).digest();
const sealer = createSealer(singleKeyRing(new Secret(keyOf('SEAL_KEY'))));

export type Scene = Awaited<ReturnType<typeof startScene>>;

/** Streams of the test's Redis, an empty database, and recorders that are started over them. */
export async function startScene() {
  const url = inject('redisUrl');
  const logger = createLogger({ service: 'test', level: 'silent' });
  const redis = await connectRedis({ url: new Secret(url), name: 'test', profile: 'worker', logger });
  // Another suite's keys were used with this Redis; this one has its own.
  await redis.del('ww:keys');
  // What other suites have open would be followed up without its first events.
  for (let shard = 0; shard < SHARDS; shard += 1) await redis.del(shardKeys(shard).events, shardKeys(shard).due);
  const directory = mkdtempSync(join(tmpdir(), 'watchword-recorder-'));
  const environment = {
    REDIS_URL: url,
    SEAL_KEY: keyOf('SEAL_KEY').toString('base64url'),
    INDEX_KEY: keyOf('INDEX_KEY').toString('base64url'),
    ID_KEY: keyOf('ID_KEY').toString('base64url'),
    RECORDS_FILE: join(directory, 'records.db'),
    LOG_LEVEL: 'silent',
  };
  const records: Records = await openRecords({ file: environment.RECORDS_FILE });
  const started = new Set<RunningService>();

  async function start(changes: Record<string, string> = {}, parts: RecorderParts = {}): Promise<RunningService> {
    const recorder = await composeRecorder(parseEnvironment(recorderVariables, { ...environment, ...changes }), parts);
    started.add(recorder);
    return recorder;
  }

  async function stop(recorder: RunningService): Promise<void> {
    started.delete(recorder);
    await recorder.close();
  }

  const add = (shard: number, fields: Record<string, string | number | Buffer>) =>
    redis.xadd(shardKeys(shard).events, '*', ...Object.entries(fields).flat());

  /** Appends the life of one verification, until it was approved; returns its id. */
  async function live(shard: number, at = Date.now(), destination = '+14155550123', project = 'p'): Promise<string> {
    const id = encodeBase32(randomBytes(16));
    const opened = { project, mode: 'test', purpose: 'login', country: 'US', checks_max: 3, code_ttl_ms: 300_000 };
    const delivery = `del_${id}-1`;
    const facts: [string, object][] = [
      ['delivery.queued', { delivery, channel: 'sms' }],
      ['attempt.started', { delivery, attempt: 1 }],
      ['attempt.settled', { delivery, attempt: 1, outcome: 'accepted', provider: 'twilio' }],
      ['delivery.ended', { delivery, status: 'accepted' }],
      ['check.judged', { result: 'approved', checks_remaining: 2 }],
      ['verification.approved', {}],
    ];
    const sealed = sealer.seal(destination, id, 'destination');
    const first = { v: id, q: 1, t: 'verification.opened', a: at, d: JSON.stringify(opened), s: sealed, k: '' };
    await add(shard, first);
    for (const [index, [type, data]] of facts.entries()) {
      await add(shard, { v: id, q: index + 2, t: type, a: at + index + 1, d: JSON.stringify(data) });
    }
    return id;
  }

  const sealFor = (destination: string, id: string) => sealer.seal(destination, id, 'destination');

  /** Somebody who may use the console. */
  async function addUser(email: string, roles: Readonly<Record<string, string>>): Promise<void> {
    const id = `usr_${encodeBase32(randomBytes(16))}`;
    await records.addUser({
      id,
      email: sealer.seal(email, id, 'email'),
      seal_key: 1,
      email_index: randomBytes(16),
      email_index_key: 1,
      password_hash: '',
      status: 'active',
      roles,
      failed_sign_ins: 0,
      locked_until: null,
      created_at: 1,
      updated_at: 1,
      version: 1,
    });
  }

  /** With a retention of its own in days, or null. */
  async function addProject(id: string, retention_days: number | null): Promise<void> {
    await records.configuration.projects.create({
      id,
      name: id,
      status: 'active',
      plan: null,
      limits: { project_sends_per_hour: null, user_sends_per_minute: null, ip_sends_per_hour: null },
      pause: { all: false, countries: [] },
      sms_countries: null,
      retention_days,
      config_epoch: 1,
      unpublished_since: null,
      created_at: 1,
      updated_at: 1,
      version: 1,
    });
  }

  /** The shard that has this verification's events, and all that waits there. */
  async function entriesOf(id: string): Promise<[shard: string, entries: StreamEntry[]]> {
    const streams = createEventStreams(redis);
    for (const shard of streams.shards) {
      const entries = await streams.read(shard, '0-0', 10_000);
      if (entries.some(({ fields }) => fields.v?.toString() === id)) return [shard, entries];
    }
    throw new Error(`no event of ${id} waits`);
  }

  /** What its first event holds: the sealed destination, and the sealed context. */
  async function sealedIn(id: string): Promise<[destination: Buffer | undefined, context: Buffer | undefined]> {
    const [, entries] = await entriesOf(id);
    const opened = entries.find(({ fields }) => fields.v?.toString() === id && fields.s);
    return [opened?.fields.s, opened?.fields.k];
  }

  async function waiting(): Promise<number> {
    const lengths = await Promise.all(
      Array.from({ length: SHARDS }, (_, shard) => redis.xlen(shardKeys(shard).events)),
    );
    return lengths.reduce((sum, length) => sum + length, 0);
  }

  /** The value of a metric, over all its labels that hold `label`. */
  async function metric(recorder: RunningService, name: string, label = ''): Promise<number> {
    const text = await (await fetch(`${recorder.adminUrl}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(name) && line.includes(label));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  async function close(): Promise<void> {
    for (const recorder of started) await recorder.close();
    await records.close();
    redis.disconnect();
    rmSync(directory, { recursive: true, force: true });
  }

  return {
    redis,
    environment,
    records,
    start,
    stop,
    add,
    live,
    addProject,
    addUser,
    sealFor,
    entriesOf,
    sealedIn,
    waiting,
    metric,
    close,
  };
}

/** What every life leads to. */
export const LIFE = [
  'verification.opened',
  'delivery.queued',
  'attempt.started',
  'attempt.settled',
  'delivery.ended',
  'check.judged',
  'verification.approved',
];

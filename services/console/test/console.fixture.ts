import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  answersSchema,
  type BatchedAnswer,
  type BatchedCall,
  HOP_PATH,
  HOP_SIGNATURE_HEADER,
  PICTURE_TYPE,
  SCOPES,
} from '@watchword/contracts';
import {
  connectRedis,
  createConfigCopies,
  createHopSigner,
  createLogger,
  parseEnvironment,
  type RunningService,
  Secret,
} from '@watchword/platform';
import { type Places, readWholeRedis } from '@watchword/testkit';
import { expect, inject } from 'vitest';
import { type ConsoleParts, composeConsole, consoleVariables } from '../src/index.ts';

const keyOf = (name: string) => createHash('sha256').update(`watchword test ${name}`).digest('base64url');
const sign = createHopSigner(new Secret(Buffer.from(keyOf('HOP_KEY'), 'base64url')));

export type CallOptions = Partial<Omit<BatchedCall, 'body' | 'method' | 'path'>>;

/** Every field that some answer has; a test asserts the ones that it reads. */
export interface AnswerBody {
  readonly id: string;
  readonly version: number;
  readonly status: string | number;
  readonly code: string;
  readonly detail: string;
  readonly retryable: boolean;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
  readonly key: string;
  readonly hint: string;
  readonly state: string;
  readonly qr: string;
  readonly project: string;
  readonly expires_at: string | null;
  readonly locale: string;
  readonly replaced_by: string | null;
  readonly last_used_at: string | null;
  readonly action: string;
  readonly purpose: string;
  readonly rules: object;
  readonly size: number;
  readonly cost_micros: object;
  readonly sms_countries: readonly string[] | null;
  readonly match: string | null;
  readonly channel: string;
  readonly country: string | null;
  readonly channels: readonly string[];
  readonly receipts_path: string | null;
  readonly sends_per_second: number | null;
  readonly subject: string | null;
  readonly to_masked: string;
  readonly text: string;
  readonly html: string | null;
  readonly providers: readonly { readonly is_used: boolean }[];
  readonly items: AnswerBody[];
  readonly next_cursor: string | null;
  readonly rows: readonly [StatisticsRow, ...StatisticsRow[]];
}

interface StatisticsRow {
  readonly time: string;
  readonly provider: string;
  readonly sent: number;
  readonly accepted_ms: { readonly p50: number };
  readonly delivered_ms: { readonly p95: number };
}

export interface ConsoleAnswer extends Omit<BatchedAnswer, 'body' | 'call'> {
  readonly body: AnswerBody;
}

/** As `callerOf`, for answers that are no JSON. */
function textCallerOf(url: string | null) {
  return async function call(
    method: BatchedCall['method'],
    path: string,
    body?: unknown,
    options: CallOptions = {},
  ): Promise<BatchedAnswer> {
    const sent: BatchedCall = {
      requestId: randomUUID(),
      project: 'default',
      mode: 'test',
      key: 'root',
      scopes: [...SCOPES],
      epoch: 0,
      operation: '',
      deadline: Date.now() + 5_000,
      method,
      path,
      body: body === undefined ? '' : JSON.stringify(body),
      ...options,
    };
    const batch = JSON.stringify([sent]);
    const headers = { 'content-type': 'application/json', [HOP_SIGNATURE_HEADER]: sign(batch) };
    const response = await fetch(`${url}${HOP_PATH}`, { method: 'POST', headers, body: batch });
    const [answer] = answersSchema.parse(JSON.parse(await response.text()));
    if (answer === undefined) throw new Error('The hop gave no answer');
    return answer;
  };
}

/** Calls a console as the gateway does, with all scopes unless the test says otherwise. */
export function callerOf(url: string | null) {
  const call = textCallerOf(url);
  return async function callJson(...given: Parameters<typeof call>): Promise<ConsoleAnswer> {
    const answer = await call(...given);
    return { ...answer, body: JSON.parse(answer.body || 'null') as AnswerBody };
  };
}

export type TestConsole = Awaited<ReturnType<typeof startConsole>>;

export interface StartOptions {
  readonly redisUrl?: string;
  /** A database that another console has, or is to have. */
  readonly file?: string;
  readonly parts?: ConsoleParts;
  readonly env?: Readonly<Record<string, string>>;
}

/** A console over the test's Redis and a database of its own. */
export async function startConsole(options: StartOptions = {}) {
  const { redisUrl = inject('redisUrl'), parts = {}, env = {} } = options;
  const directory = mkdtempSync(join(tmpdir(), 'watchword-console-'));
  const file = options.file ?? join(directory, 'records.db');
  const logger = createLogger({ service: 'test', level: 'silent' });
  const redis = await connectRedis({ url: new Secret(redisUrl), name: 'test', profile: 'worker', logger });
  // Another suite's keys were used with this Redis; this one has its own.
  await redis.del('ww:keys');
  const environment = {
    REDIS_URL: redisUrl,
    HOP_KEY: keyOf('HOP_KEY'),
    SEAL_KEY: keyOf('SEAL_KEY'),
    INDEX_KEY: keyOf('INDEX_KEY'),
    RECORDS_FILE: file,
    CONSOLE_PORT: '0',
    LOG_LEVEL: 'silent',
    ...env,
  };
  const start = () => composeConsole(parseEnvironment(consoleVariables, environment), parts);
  let running: RunningService | undefined = await start();
  const url = running.url;
  return {
    file,
    redis,
    adminUrl: running.adminUrl,
    copies: createConfigCopies(redis),
    call: callerOf(url),
    picture: (path: string, as: CallOptions) =>
      textCallerOf(url)('GET', path, undefined, { ...as, accept: PICTURE_TYPE }),
    /** Makes a project; the id is new in every run. */
    async project(fields: object = {}): Promise<string> {
      const { status, body } = await callerOf(url)('POST', '/v1/projects', { name: 'Test', ...fields });
      if (status !== 201) throw new Error(`No project: ${JSON.stringify(body)}`);
      return body.id;
    },
    async close(): Promise<void> {
      await running?.close();
      running = undefined;
      redis.disconnect();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** What a refused call says: status, code, and the field that it is about. */
export const refusal = ({ status, body }: ConsoleAnswer) => [status, body.code, body.errors?.[0]?.pointer];

/** Makes something; it is in its first version. */
export async function made(call: TestConsole['call'], path: string, body: object): Promise<AnswerBody> {
  const answer = await call('POST', path, body);
  expect([answer.status, answer.etag], JSON.stringify(answer.body)).toEqual([201, '"1"']);
  return answer.body;
}

/** Redis, and the database with its write-ahead log. */
export async function placesAtRest({ file }: TestConsole): Promise<Places> {
  const folder = dirname(file);
  const files = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))] as const);
  const nodes = await Promise.all(inject('redisUrl').split(',').map(readWholeRedis));
  return [...nodes.flat(), ...files];
}

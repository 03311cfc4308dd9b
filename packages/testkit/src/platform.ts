import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StandaloneFile, standaloneFileSchema } from '@watchword/platform';
import { z } from 'zod';
import { type Child, startChild } from './child.ts';
import { eventually } from './eventually.ts';
import { findLeaks, type Places, readWholeDirectory, readWholeMongo, readWholeRedis } from './leak-search.ts';

const messageSchema = z.object({
  id: z.string(),
  channel: z.string(),
  provider: z.string(),
  /** A phone number in E.164, an e-mail address in lower case, or a device token. */
  to: z.string(),
  subject: z.string().nullable(),
  text: z.string(),
  html: z.string().nullable(),
  code: z.string().nullable(),
  segments: z.number().nullable(),
  receipts: z.array(z.object({ status: z.string(), at: z.string(), answered: z.number().nullable() })),
  at: z.string(),
});
export type InboxMessage = z.infer<typeof messageSchema>;

const requestSchema = z.object({
  request: z.object({ line: z.string(), headers: z.record(z.string(), z.string()), body: z.string() }).nullable(),
});
export type InboxRequest = z.infer<typeof requestSchema>['request'];

/** Where a code may go: one address, or several when channels differ. */
export type To = string | { readonly phone?: string; readonly email?: string; readonly device_token?: string };

/** Every field that some answer has; a test asserts the ones that it reads. */
export interface AnswerBody {
  readonly id: string;
  readonly status: string | number;
  readonly result: string;
  readonly valid: boolean;
  readonly code: string;
  readonly detail: string;
  readonly token?: string;
  readonly errors?: readonly { pointer: string; detail: string }[];
  readonly deliveries: readonly { id: string; channel: string; to_masked: string; status: string }[];
  readonly undeliverable: boolean;
  readonly events: readonly {
    seq: number;
    type: string;
    at: string;
    data: Record<string, string | number | boolean>;
  }[];
  readonly expires_at: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: AnswerBody;
  readonly ms: number;
}

export interface Fault {
  readonly mode: string;
  /** Of a provider that carries several, the one that it holds for. */
  readonly channel?: string;
  readonly count?: number;
  readonly delay_ms?: number;
  readonly code?: string | number;
  /** What the provider tells later of the messages it takes. */
  readonly receipt?: { readonly mode: string; readonly code?: string | number; readonly delay_ms?: number };
}

const SERVICES = ['gateway', 'otp', 'console', 'worker', 'recorder', 'sandbox'] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface PlatformOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Services that standalone leaves out; started alone with `startService`. */
  readonly without?: readonly ServiceName[];
}

/** The whole platform, started as a user would, with canary codes whose leak would be noticed when it is stopped. */
export type Platform = Awaited<ReturnType<typeof startPlatform>>;

const CANARY = { CODE_ALPHABET: 'alphanumeric', CODE_LENGTH: '10', LOG_LEVEL: 'trace' };
const PORTS = { GATEWAY_PORT: '0', CONSOLE_PORT: '0', SANDBOX_PORT: '0', SANDBOX_SMTP_PORT: '0', OTP_PORT: '0' };

export async function startPlatform({ env = {}, without = [] }: PlatformOptions = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'watchword-'));
  const environment: Record<string, string> = {
    ...CANARY,
    ...PORTS,
    PROJECT_SENDS_PER_HOUR: '0',
    ...env,
    DATA_DIR: directory,
  };
  const services = SERVICES.filter((name) => !without.includes(name)).join(',');
  const standalone = startChild('services/standalone/src/main.ts', { ...environment, STANDALONE_SERVICES: services });
  const children: Child[] = [standalone];
  await standalone.ready;
  const file = readStandaloneFile(directory);
  // Started alone, it listens where the test says.
  const gateway = file.gateway ?? `http://127.0.0.1:${environment.GATEWAY_PORT}`;
  const sandbox = file.sandbox ?? '';
  const seen = new Map<string, InboxMessage>();

  async function call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const startedAt = performance.now();
    const response = await fetch(gateway + path, {
      method,
      headers: {
        authorization: `Bearer ${file.apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    const answer = JSON.parse(text) as AnswerBody;
    return { status: response.status, headers: response.headers, body: answer, ms: performance.now() - startedAt };
  }

  async function inbox(to?: string): Promise<InboxMessage[]> {
    const query = new URLSearchParams({ limit: '50000', ...(to === undefined ? {} : { to }) });
    const response = await fetch(`${sandbox}/api/messages?${query.toString()}`);
    const messages = z.array(messageSchema).parse(await response.json());
    for (const message of messages) seen.set(message.id, message);
    return messages;
  }

  /** The call that brought a message to its provider, without what it proved itself with. */
  async function requestOf({ id }: Pick<InboxMessage, 'id'>): Promise<InboxRequest> {
    const response = await fetch(`${sandbox}/api/messages/${encodeURIComponent(id)}`);
    return requestSchema.parse(await response.json()).request;
  }

  /** The newest message to an address, once there are at least `count`. */
  const waitForMessage = (to: string, timeoutMs = 10_000, count = 1) =>
    eventually(`message ${count} to ${to}`, timeoutMs, async () => {
      const messages = await inbox(to);
      return messages.length >= count ? messages[0] : undefined;
    });

  /** Of any kind of provider whose wire the sandbox speaks. */
  async function setFault(provider: string, fault: Fault): Promise<void> {
    const response = await fetch(`${sandbox}/api/faults/${provider}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fault),
    });
    if (!response.ok) throw new Error(`The sandbox refused the fault: ${await response.text()}`);
  }

  async function startService(name: string, extra: Record<string, string> = {}): Promise<Child> {
    const path = name.includes('/') ? name : `services/${name}/src/main.ts`;
    const child = startChild(path, { ...environment, ...extra });
    children.push(child);
    await child.ready;
    return child;
  }

  /** Everything at rest and everything logged, searched for every code that arrived and every address it went to. */
  async function searchLeaks() {
    // What the admins get are notices: they have no code, and the admins' addresses are no secret here.
    const messages = [...seen.values(), ...(await inbox())].filter(({ to }) => to !== environment.ADMIN_EMAIL);
    const codes = messages.flatMap(({ code }) => (code === null ? [] : [code]));
    const secrets = [...new Set([...codes, ...messages.map(({ to }) => to.replace(/^\+/, ''))])];
    const logs = children.map((child) => [`output of process ${child.pid}`, Buffer.from(logOf(child))] as const);
    const places = [
      ...(await readWholeRedis(file.redis)),
      ...readWholeDirectory(join(directory, 'redis')),
      ...(environment.MONGODB_URL ? await readWholeMongo(environment.MONGODB_URL) : readRecords(directory)),
      ...(await readMetrics([...Object.values(file.metrics), ...children.flatMap(metricsOf)])),
      ...logs,
    ];
    return { codes: new Set(codes).size, leaks: findLeaks(secrets, places) };
  }

  /** Ends everything; throws when anything at rest or logged holds a code or an address, whatever the test was about. */
  async function stop(): Promise<void> {
    let leaks: Awaited<ReturnType<typeof searchLeaks>>['leaks'] = [];
    try {
      if (!standalone.hasEnded()) ({ leaks } = await searchLeaks());
    } finally {
      for (const child of children.slice(1)) await child.stop();
      await standalone.stop();
      rmSync(directory, { recursive: true, force: true });
    }
    if (leaks.length > 0) throw new Error(`Codes or addresses leaked: ${JSON.stringify(leaks)}`);
  }

  return {
    file,
    directory,
    standalone,
    call,
    open: (to: To, extra: object = {}, headers: Record<string, string> = {}) =>
      call('POST', '/v1/verifications', { to, ...extra }, headers),
    check: (id: string, code: string, extra: object = {}) =>
      call('POST', `/v1/verifications/${id}/check`, { code, ...extra }),
    timeline: (id: string) => call('GET', `/v1/verifications/${id}/timeline`),
    inbox,
    requestOf,
    waitForMessage,
    setFault,
    clearFaults: () => fetch(`${sandbox}/api/faults`, { method: 'DELETE' }),
    startService,
    searchLeaks,
    stop,
  };
}

/** The database, with what is not yet moved from its write-ahead log. */
function readRecords(directory: string): Places {
  const files = readdirSync(directory).filter((name) => name.startsWith('records.db'));
  return files.map((name) => [name, readFileSync(join(directory, name))] as const);
}

/** What a service that was started alone shows; one that was killed shows nothing any more. */
const metricsOf = (child: Child) =>
  child.hasEnded() ? [] : [...child.output().matchAll(/^ready .* metrics (\S+)$/gm)].map(([, url]) => url as string);

async function readMetrics(urls: readonly string[]): Promise<Places> {
  return Promise.all(
    urls.map(async (url) => [`metrics at ${url}`, Buffer.from(await (await fetch(url)).text())] as const),
  );
}

/** What a process logged; the calls that standalone prints for pasting name a number of their own. */
function logOf(child: Child): string {
  return child
    .output()
    .split('\n')
    .filter((line) => !line.startsWith('curl '))
    .join('\n');
}

function readStandaloneFile(directory: string): StandaloneFile {
  return standaloneFileSchema.parse(JSON.parse(readFileSync(join(directory, 'standalone.json'), 'utf8')));
}

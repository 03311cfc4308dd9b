import { randomBytes, randomInt } from 'node:crypto';
import { Writable } from 'node:stream';
import {
  ADDRESS_OF_CHANNEL,
  CHANNELS,
  type Channel,
  type DeliveryConfig,
  PROVIDER_KINDS,
  type ProviderKind,
} from '@watchword/contracts';
import {
  connectRedis,
  createConfigCopies,
  createDeliveryProducer,
  createLogger,
  createRedisClock,
  parseEnvironment,
  Secret,
  singleKeyRing,
} from '@watchword/platform';
import { eventually, startChild } from '@watchword/testkit';
import { createSealer, createVerifications, type Owner } from '@watchword/verifications';
import { type ComposeWorkerOptions, composeWorker, workerVariables } from '../src/index.ts';

const KEYS = { seal: randomBytes(32), id: randomBytes(32) };
const PROJECT = 'default';
const POLICY = {
  alphabet: 'alphanumeric',
  length: 10,
  codeTtlMs: 300_000,
  checksMax: 3,
  sendsMax: 5,
  sendsWindowMs: 600_000,
  pacingSeconds: [60],
  codesValidMax: 3,
  streakFreeChecks: 9,
  endedRetentionMs: 60_000,
} as const;

interface Wanted {
  readonly project?: string;
  readonly locale?: string;
  readonly channel?: Channel;
  readonly onUnknown?: 'resend' | 'wait';
  /** What its workflow goes on to; the first step's address is its, too. */
  readonly next?: Channel;
}

function addressFor(channel: Channel): string {
  const number = randomInt(2_000_000, 9_999_999);
  const addresses = { phone: `+1415${number}`, email: `user${number}@acme.example`, device_token: `device-${number}` };
  return addresses[ADDRESS_OF_CHANNEL[channel]];
}

const PROVIDER = { kind: 'twilio', mode: 'test', isDraining: false, sendsPerSecond: null } as const;

export interface InboxMessage {
  readonly channel: string;
  readonly provider: string;
  readonly to: string;
  readonly text: string;
  readonly code: string | null;
}

export type Scene = Awaited<ReturnType<typeof createScene>>;

/** What a worker meets: a Redis with open verifications, the queue, and the sandbox. The worker is started by the test. */
export async function createScene(redisUrl: string) {
  const sandbox = startChild('services/sandbox/src/main.ts', { SANDBOX_PORT: '0', SANDBOX_SMTP_PORT: '0' });
  const ready = await sandbox.ready;
  const sandboxUrl = /http:\/\/\S+/.exec(ready)?.[0] ?? '';
  const sandboxSmtpUrl = /smtp:\/\/[\w.:[\]]+/.exec(ready)?.[0] ?? 'smtp://127.0.0.1:1';
  const silent = createLogger({ service: 'test', level: 'silent' });
  const redis = await connectRedis({ url: new Secret(redisUrl), name: 'test', profile: 'worker', logger: silent });
  // Another suite's keys were used with this Redis; this one has its own.
  await redis.del('ww:keys');
  const clock = await createRedisClock(redis);
  const producers = new Map(CHANNELS.map((channel) => [channel, createDeliveryProducer(channel, redis, silent)]));
  function producerOf(channel: Channel) {
    const producer = producers.get(channel);
    if (producer === undefined) throw new Error(`No producer of ${channel}`);
    return producer;
  }
  const producer = producerOf('sms');
  const verifications = createVerifications({
    redis,
    clock,
    idKey: new Secret(KEYS.id),
    sealKeys: singleKeyRing(new Secret(KEYS.seal)),
    digests: { digest: async () => randomBytes(32) },
    profiles: { current: 0, get: async () => ({ memoryKib: 1024, pepper: 1 }) },
  });
  let log = '';
  const destination = new Writable({
    write(chunk: Buffer, _, done) {
      log += chunk.toString('utf8');
      done();
    },
  });
  const logger = createLogger({ service: 'worker', level: 'trace', destination });
  const seen: InboxMessage[] = [];

  /** Whose the verifications are that were opened here. */
  const owners = new Map<string, Owner>();
  const timeline = async (id: string) =>
    (await verifications.tail(id, owners.get(id) ?? { project: PROJECT, mode: 'test' }))?.events ?? [];
  const copies = createConfigCopies(redis);
  const sealer = createSealer(singleKeyRing(new Secret(KEYS.seal)));
  let epoch = Date.now();

  return {
    redis,
    producer,
    timeline,
    log: () => log,
    /** Every message that a test found in the inbox. */
    seen,

    /** Patient with providers: on a busy machine a first call takes long, and there is no due set here that would send again. */
    startWorker(extra: Record<string, string> = {}, options: ComposeWorkerOptions = {}) {
      const environment = {
        REDIS_URL: redisUrl,
        SEAL_KEY: KEYS.seal.toString('base64url'),
        ID_KEY: KEYS.id.toString('base64url'),
        SANDBOX_URL: sandboxUrl,
        SANDBOX_SMTP_URL: sandboxSmtpUrl,
        PROVIDER_TIMEOUT_MS: '3000',
        ...extra,
      };
      return composeWorker(parseEnvironment(workerVariables, environment), { logger, ...options });
    },

    /** All providers answer, and nobody has found fault with them. */
    async clearFaults(): Promise<void> {
      await fetch(`${sandboxUrl}/api/faults`, { method: 'DELETE' });
      const ofChannels = PROVIDER_KINDS.flatMap((kind) =>
        ['', ...CHANNELS.map((one) => `.${one}`)].map((channel) => `${kind}~test${channel}`),
      );
      for (const name of ofChannels) await redis.del(`ww:{h:${name}}`);
    },

    async fault(provider: ProviderKind, mode: string, extra: object = {}): Promise<void> {
      const response = await fetch(`${sandboxUrl}/api/faults/${provider}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ mode, ...extra }),
      });
      if (!response.ok) throw new Error(`The sandbox refused the fault: ${await response.text()}`);
    },

    /** Opens a verification and enqueues its delivery, as the otp service does. */
    async open(mode: 'test' | 'live' = 'test', wanted: Wanted = {}) {
      const { project = PROJECT, locale = '', channel = 'sms', onUnknown = 'resend', next } = wanted;
      const to = addressFor(channel);
      const context = locale === '' ? {} : { locale };
      const opened = await verifications.open(
        {
          addresses: { [ADDRESS_OF_CHANNEL[channel]]: to },
          purpose: 'login',
          plan: next
            ? { kind: 'in_turn', steps: [{ channel }, { channel: next }] }
            : { kind: 'at_once', channels: [channel] },
          country: 'US',
          binding: undefined,
          context,
        },
        { ...POLICY, onUnknown },
        { project, mode, operation: '', deadline: clock.serverNow() + 5_000 },
      );
      if (opened.result !== 'sent') throw new Error(opened.result);
      owners.set(opened.id, { project, mode });
      const [delivery] = opened.deliveries;
      if (delivery === undefined) throw new Error('A verification without a delivery');
      await producerOf(channel).enqueue(delivery.id, { delivery: delivery.id, requestId: 'req_1' });
      return { to, id: opened.id, deliveryId: delivery.id };
    },

    /** A project's provider, as the console publishes it; live credentials are sealed as that does. */
    provider(id: string, over: Partial<DeliveryConfig['providers'][number]> = {}, credentials: object = {}) {
      const sealed = sealer.seal(JSON.stringify(credentials), id, 'credentials').toString('base64');
      const rest = { ...PROVIDER, settings: {}, costMicros: {} };
      return { id, name: id, ...rest, credentials: sealed, ...over };
    },

    /** Puts a project's configuration where the workers read it. */
    async publish(project: string, delivery: Partial<DeliveryConfig>): Promise<void> {
      epoch += 1;
      const limits = { project_sends_per_hour: null, user_sends_per_minute: null, ip_sends_per_hour: null };
      await copies.publish(project, epoch, {
        access: { isSuspended: false, keys: [], limits, monthlySends: null },
        sending: { policies: {}, pause: { all: false, countries: [] }, smsCountries: null, lists: [] },
        delivery: { providers: [], routes: [], templates: [], ...delivery },
      });
    },

    async inbox(to: string): Promise<InboxMessage[]> {
      const response = await fetch(`${sandboxUrl}/api/messages?to=${encodeURIComponent(to)}`);
      const messages = (await response.json()) as InboxMessage[];
      seen.push(...messages);
      return messages;
    },

    attemptStarted: (id: string) =>
      eventually('the attempt has started', 5_000, async () =>
        (await timeline(id)).some(({ type }) => type === 'attempt.started') ? true : undefined,
      ),

    /** How the delivery ended, and what its attempts came to. */
    ended: (id: string) =>
      eventually('the delivery has ended', 10_000, async () => {
        const events = await timeline(id);
        const end = events.find(({ type }) => type === 'delivery.ended');
        const attempts = events.filter(({ type }) => type === 'attempt.settled').map(({ data }) => data);
        return end && { status: end.data.status, attempts };
      }),

    async close(): Promise<void> {
      for (const one of producers.values()) await one.close();
      clock[Symbol.dispose]();
      await redis.del('ww:keys');
      redis.disconnect();
      await sandbox.stop();
    },
  };
}

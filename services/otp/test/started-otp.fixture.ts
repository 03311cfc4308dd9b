import { randomBytes } from 'node:crypto';
import type { BatchedCall, Channel, DeliveryConfig, Mode, ProviderKind, SendingConfig } from '@watchword/contracts';
import {
  connectRedis,
  createConfigCopies,
  createLogger,
  createRedisClock,
  keyRingVariable,
  parseEnvironment,
  Secret,
} from '@watchword/platform';
import { type Claimed, createDeliveries, createSealer } from '@watchword/verifications';
import { inject } from 'vitest';
import { composeOtp, otpVariables } from '../src/index.ts';
import { callHop, keyOf, testKeys } from './hop.fixture.ts';

const NO_ACCESS = {
  isSuspended: false,
  keys: [],
  limits: { project_sends_per_hour: null, user_sends_per_minute: null, ip_sends_per_hour: null },
  monthlySends: null,
};
const NO_DELIVERY = { providers: [], routes: [], templates: [] };
const NO_SENDING: SendingConfig = {
  policies: {},
  pause: { all: false, countries: [] },
  smsCountries: null,
  lists: [],
};

/** The otp service over the tests' Redis, a project of its own, and what a console and a worker do beside it. */
export async function startOtp(environment: Record<string, string> = {}) {
  const started = await composeOtp(
    parseEnvironment(otpVariables, {
      ...testKeys,
      REDIS_URL: inject('redisUrl'),
      OTP_PORT: '0',
      LOG_LEVEL: 'silent',
      PACING_SECONDS: '0',
      ...environment,
    }),
  );
  const logger = createLogger({ service: 'test', level: 'silent' });
  const redis = await connectRedis({ url: new Secret(inject('redisUrl')), name: 'test', profile: 'request', logger });
  const clock = await createRedisClock(redis);
  const sealKeys = keyRingVariable().parse(keyOf('SEAL_KEY'));
  const idKey = new Secret(Buffer.from(keyOf('ID_KEY'), 'base64url'));
  const deliveries = createDeliveries({ redis, clock, idKey, sealKeys });
  const sealer = createSealer(sealKeys);
  const copies = createConfigCopies(redis);
  let project = '';
  let epoch = 0;

  type Hop = Partial<Omit<BatchedCall, 'body'>>;

  async function hop({ body, ...rest }: Hop & { readonly body?: object }) {
    const text = body === undefined ? '' : JSON.stringify(body);
    const [answer] = await callHop(started.url, [{ project, epoch, ...rest, body: text }]);
    if (answer === undefined) throw new Error('otp did not answer');
    return answer;
  }

  return {
    url: started.url,
    adminUrl: started.adminUrl,
    redis,
    deliveries,
    hop,
    project: () => project,

    /** Another project, of which there is no copy. */
    newProject() {
      project = `p-${randomBytes(6).toString('hex')}`;
      epoch = 0;
    },

    /** Publishes the project's copy anew, as the console does; calls carry its epoch from now on. */
    async publish(sending: Partial<SendingConfig>, delivery: Partial<DeliveryConfig> = {}) {
      epoch += 1;
      const parts = {
        access: NO_ACCESS,
        sending: { ...NO_SENDING, ...sending },
        delivery: { ...NO_DELIVERY, ...delivery },
      };
      await copies.publish(project, epoch, parts);
    },

    list(kind: 'allow' | 'block', entries: string[]): SendingConfig['lists'][number] {
      const id = `lst_${randomBytes(8).toString('hex')}`;
      return { id, kind, entries: sealer.seal(JSON.stringify(entries), id, 'entries').toString('base64') };
    },

    /** A provider of the project, with its credentials sealed. */
    provider(
      kind: ProviderKind,
      mode: Mode,
      settings: Record<string, string>,
      credentials: Record<string, string>,
    ): DeliveryConfig['providers'][number] {
      const id = `prv_${randomBytes(13).toString('hex')}`;
      const sealed = sealer.seal(JSON.stringify(credentials), id, 'credentials').toString('base64');
      const common = { name: 'own', isDraining: false, costMicros: {}, sendsPerSecond: null };
      return { ...common, id, kind, mode, settings, credentials: sealed };
    },

    open: (to: string | object, more: object = {}, call: Hop = {}) =>
      hop({ ...call, path: '/v1/verifications', body: { to, ...more } }),

    resend: (id: unknown, call: Hop = {}, body: object = {}) =>
      hop({ ...call, path: `/v1/verifications/${String(id)}/resend`, body }),

    check: (id: unknown, code: string) => hop({ path: `/v1/verifications/${String(id)}/check`, body: { code } }),

    /** Claims a delivery of an answer, as a worker would; the first unless told. */
    async claim(body: Record<string, unknown>, index = 0) {
      const delivery = (body.deliveries as { id: string }[])[index];
      const claimed = await deliveries.claim(delivery?.id ?? '', 7_000);
      if (claimed.result !== 'claimed') throw new Error(`not claimed: ${claimed.result}`);
      return claimed;
    },

    /** Settles a claimed attempt, as a worker would that has tried every provider. */
    async settle({ attempt }: Claimed, status: 'accepted' | 'failed' | 'unknown', expectsReceipt = true) {
      const outcome = status === 'failed' ? 'transient' : status;
      const next = { kind: 'end', status } as const;
      await deliveries.settle(attempt, { provider: 'twilio', countsAsCall: true, outcome, expectsReceipt, next });
    },

    /** Whether a delivery waits in the queue of a channel. */
    isQueued: async (channel: Channel, deliveryId: string) =>
      (await redis.exists(`ww:{q:${channel}}:deliveries:${deliveryId}-0`)) === 1,

    async close() {
      clock[Symbol.dispose]();
      redis.disconnect();
      await started.close();
    },
  };
}

export type StartedOtp = Awaited<ReturnType<typeof startOtp>>;

let numbers = 1_000;
/** A number that no test used before. */
export const newNumber = (prefix = '+1415556') => {
  numbers += 1;
  return `${prefix}${numbers}`;
};

/** An address, and a device token, that no test used before. */
export const newEmail = () => `${newName()}@example.com`;
export const newToken = () => `token-of-${newName()}`;
const newName = () => randomBytes(8).toString('hex');

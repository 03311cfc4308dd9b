import { randomBytes } from 'node:crypto';
import {
  connectRedis,
  createDeliveryProducer,
  createLogger,
  createRedisClock,
  type DeliveryProducer,
  Secret,
  singleKeyRing,
} from '@watchword/platform';
import { type CodePolicy, createDeliveries, createVerifications, type SendPlan } from '@watchword/verifications';
import { type CodeDigests, createCodeDigests, registerDigestProfile } from '@watchword/verifications/digest';
import type { BenchRedis, Keys } from '../stage.ts';
import { nextDestination } from './destinations.ts';

/** Opens verifications from this process, through the scripts of the product, where a measure needs them to be there. */
export interface Filler {
  /** Open, their codes not sent. Resolves with the ids of their deliveries. */
  open(count: number): Promise<string[]>;
  /** Open, their codes delivered: what a user may check. `onOne` is called after each. */
  deliver(count: number, onOne?: (delivered: Delivered) => void): Promise<void>;
  readonly producer: DeliveryProducer;
  close(): Promise<void>;
}

export interface Delivered {
  readonly id: string;
  readonly code: string;
}

/** At a time; enough to fill Redis' pipeline. */
const WORKERS = 200;
const PATIENCE_MS = 60_000;
const LEASE_MS = 7_000;

/** Codes live long enough for the longest fill and what is measured after it. */
const POLICY: CodePolicy = {
  alphabet: 'digits',
  length: 6,
  codeTtlMs: 3_600_000,
  checksMax: 3,
  sendsMax: 5,
  sendsWindowMs: 600_000,
  pacingSeconds: [60, 60, 90, 120],
  codesValidMax: 3,
  streakFreeChecks: 9,
  endedRetentionMs: 86_400_000,
  onUnknown: 'resend',
};

const BY_SMS: SendPlan = { kind: 'at_once', channels: ['sms'] };

/** No code that is digested like this is ever right; it spares the fill most of its time where nothing will be checked. */
const NO_DIGESTS: CodeDigests = {
  digest: async () => randomBytes(32),
  figures: () => ({ running: 0, waiting: 0, refused: 0 }),
};

/** `checkable`: the codes are digested as otp would. */
export async function createFiller(
  redis: BenchRedis,
  keys: Keys,
  { digestMemoryKib, checkable }: { readonly digestMemoryKib: number; readonly checkable: boolean },
): Promise<Filler> {
  const logger = createLogger({ service: 'bench', level: 'silent' });
  const url = new Secret(redis.url);
  const connection = await connectRedis({
    url,
    name: 'bench',
    profile: 'request',
    logger,
    commandTimeoutMs: PATIENCE_MS,
  });
  const clock = await createRedisClock(connection);
  const secretOf = (text: string) => new Secret(Buffer.from(text, 'base64url'));
  const idKey = secretOf(keys.ID_KEY);
  const sealKeys = singleKeyRing(secretOf(keys.SEAL_KEY));
  const peppers = singleKeyRing(secretOf(keys.PEPPER));
  const digests = checkable ? createCodeDigests({ peppers, clock, concurrency: 2, waitingMax: WORKERS }) : NO_DIGESTS;
  const profiles = await registerDigestProfile({ redis: connection, memoryKib: digestMemoryKib, peppers });
  const verifications = createVerifications({ redis: connection, clock, idKey, sealKeys, digests, profiles });
  const deliveries = createDeliveries({ redis: connection, clock, idKey, sealKeys });
  const producer = createDeliveryProducer('sms', connection, logger);

  async function openOne() {
    const call = {
      project: 'default',
      mode: 'test',
      operation: '',
      deadline: clock.serverNow() + PATIENCE_MS,
    } as const;
    const to = { addresses: { phone: nextDestination() }, purpose: 'login', plan: BY_SMS, country: 'US' } as const;
    const sent = await verifications.open({ ...to, binding: undefined, context: {} }, POLICY, call);
    if (sent.result !== 'sent') throw new Error(`A verification was not opened: ${sent.result}`);
    return { id: sent.id, deliveryId: sent.deliveries[0]?.id ?? '' };
  }

  async function deliverOne(): Promise<Delivered> {
    const { id, deliveryId } = await openOne();
    const claim = await deliveries.claim(deliveryId, LEASE_MS);
    if (claim.result !== 'claimed') throw new Error(`A delivery was not claimed: ${claim.result}`);
    await deliveries.settle(claim.attempt, {
      provider: 'twilio',
      countsAsCall: true,
      outcome: 'accepted',
      providerMessageId: `SM${'0'.repeat(32)}`,
      expectsReceipt: false,
      next: { kind: 'end', status: 'accepted' },
    });
    return { id, code: claim.code };
  }

  return {
    producer,
    async open(count) {
      const opened: string[] = [];
      await many(count, async () => {
        opened.push((await openOne()).deliveryId);
      });
      return opened;
    },
    deliver: (count, onOne) =>
      many(count, async () => {
        const delivered = await deliverOne();
        onOne?.(delivered);
      }),
    async close() {
      clock[Symbol.dispose]();
      await producer.close();
      connection.disconnect();
    },
  };
}

/** Runs `act` `count` times, a bounded number at once. */
export async function many(count: number, act: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
}

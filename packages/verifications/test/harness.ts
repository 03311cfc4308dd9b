import { randomBytes } from 'node:crypto';
import type { ReceiptStatus } from '@watchword/contracts';
import { checkRedis, connectRedis, createLogger, Secret, singleKeyRing } from '@watchword/platform';
import { inject } from 'vitest';
import { primaryOf } from '../src/addresses.ts';
import { type CodeDigests, createCodeDigests } from '../src/code-digest.ts';
import type { CodePolicy } from '../src/code-policy.ts';
import { createDeliveries } from '../src/create-deliveries.ts';
import type { Claimed, Settlement } from '../src/deliveries.ts';
import { registerDigestProfile } from '../src/digest-profiles.ts';
import { createDueSet, type DueAction } from '../src/due-set.ts';
import { deriveAddressKeys } from '../src/keys.ts';
import type { CallContext, OpenInput, Owner, Sent } from '../src/outcomes.ts';
import { createReceipts, type Receipt } from '../src/receipts.ts';
import { locate, shardKeys, shardOf } from '../src/shards.ts';
import { createVerificationIds } from '../src/verification-id.ts';
import { createVerifications, type Verifications } from '../src/verifications.ts';

export const policy: CodePolicy = {
  alphabet: 'digits',
  length: 6,
  codeTtlMs: 300_000,
  checksMax: 3,
  sendsMax: 5,
  sendsWindowMs: 600_000,
  pacingSeconds: [60, 60, 90, 120],
  codesValidMax: 3,
  streakFreeChecks: 9,
  endedRetentionMs: 86_400_000,
  onUnknown: 'resend',
};
export const NO_PACING: CodePolicy = { ...policy, pacingSeconds: [0] };
export const LEASE_MS = 7_000;

/** What most tests look at: one code over one channel. */
export interface Opened extends Sent {
  /** Of the first delivery. */
  readonly deliveryId: string;
  /** The primary address. */
  readonly destination: string;
}

export function opened(sent: Awaited<ReturnType<Verifications['resend']>>): Opened {
  if (sent.result !== 'sent') throw new Error(`not sent: ${sent.result}`);
  return { ...sent, deliveryId: sent.deliveries[0]?.id ?? '', destination: primaryOf(sent.addresses ?? {}) };
}

/** The state machine over the test's Redis, with keys of its own and a clock that the test moves. */
export async function startHarness() {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const url = new Secret(inject('redisUrl'));
  const redis = await connectRedis({ url, name: 'test', profile: 'request', logger, commandTimeoutMs: 10_000 });
  await checkRedis(redis, logger);
  let travelledMs = 0;
  const clock = { now: () => Date.now() + travelledMs, serverNow: () => Date.now() };
  const key = () => new Secret(randomBytes(32));
  const idKey = key();
  const sealKeys = singleKeyRing(key());
  const peppers = singleKeyRing(key());
  const pool = createCodeDigests({ peppers, clock, concurrency: 2, waitingMax: 10_000 });
  let digestsMade = 0;
  const digests: Pick<CodeDigests, 'digest'> = {
    async digest(...asked) {
      const made = await pool.digest(...asked);
      if (made.length > 0) digestsMade += 1;
      return made;
    },
  };
  const profiles = await registerDigestProfile({ redis, memoryKib: 8, peppers });
  const verifications = createVerifications({ redis, clock, idKey, sealKeys, digests, profiles });
  const deliveries = createDeliveries({ redis, clock, idKey, sealKeys });
  const project = `p-${randomBytes(6).toString('hex')}`;

  /** Whose everything is that is opened without another word. */
  const owner: Owner = { project, mode: 'test' };

  const call = (changes: Partial<CallContext> = {}): CallContext => ({
    ...owner,
    operation: '',
    deadline: Date.now() + 30_000,
    ...changes,
  });

  async function open(
    changes: Partial<OpenInput> = {},
    withPolicy: Partial<CodePolicy> = {},
    asked: Partial<CallContext> = {},
  ): Promise<Opened> {
    return opened(await verifications.open(openInput(changes), { ...policy, ...withPolicy }, call(asked)));
  }

  /** Claims a delivery, as a worker would. */
  async function claim(deliveryId: string, leaseMs = LEASE_MS): Promise<Claimed> {
    const claimed = await deliveries.claim(deliveryId, leaseMs);
    if (claimed.result !== 'claimed') throw new Error(`not claimed: ${claimed.result}`);
    return claimed;
  }
  const codeOf = async (deliveryId: string): Promise<string> => (await claim(deliveryId)).code;

  /** As a worker would after its provider's word: ends the delivery by it, unless told else. */
  const settle = (
    { attempt }: Pick<Claimed, 'attempt'>,
    outcome: 'accepted' | 'unknown' | 'transient',
    changes: Partial<Settlement> = {},
  ) =>
    deliveries.settle(attempt, {
      provider: 'twilio',
      countsAsCall: true,
      outcome,
      expectsReceipt: true,
      next: { kind: 'end', status: outcome === 'transient' ? 'failed' : outcome },
      ...changes,
    });

  const receipts = createReceipts({ redis, clock, idKey });
  const receive = (
    { attempt }: { readonly attempt: Pick<Claimed['attempt'], 'id'> },
    status: ReceiptStatus,
    changes: Partial<Receipt> = {},
  ) => receipts.receive({ attemptId: attempt.id, provider: 'twilio', mode: owner.mode, status, ...changes });

  const judge = (id: string, code: string, changes: Partial<CallContext> = {}, binding?: Record<string, string>) =>
    verifications.judge(id, code, binding, policy.streakFreeChecks, call(changes));

  const dueSet = createDueSet(redis, clock);
  /** All that is due: a round is bounded, and other tests' verifications are in the same shards. */
  async function drain(): Promise<DueAction[]> {
    const drained: DueAction[] = [];
    let before: number;
    do {
      before = drained.length;
      await dueSet.drain(async (due) => {
        drained.push(due);
      });
    } while (drained.length > before);
    return drained;
  }

  const timelineOf = async (id: string) => (await verifications.tail(id, owner))?.events ?? [];
  /** What the events of a type say, in their order. */
  const dataOf = async ({ id }: { readonly id: string }, type: string) =>
    (await timelineOf(id)).flatMap((event) => (event.type === type ? [event.data] : []));

  async function read({ id }: { readonly id: string }) {
    const state = await verifications.read(id, owner);
    if (state === null) throw new Error(`${id} is forgotten`);
    return state;
  }

  const addressKeys = deriveAddressKeys(idKey);
  const ids = createVerificationIds(addressKeys.id);
  /** Names in Redis of a verification and of what its shard has. */
  function keysOf({ id }: { readonly id: string }) {
    const bare = id.slice('ver_'.length);
    const address = ids.open(bare);
    if (address === null) throw new Error(`${id} is not of these keys`);
    const keys = shardKeys(address.shard);
    return { ...keys, verification: keys.verification(bare) };
  }
  /** Name in Redis of an address' pacing, streak and pointers. */
  function destinationKeyOf(address: string, purpose = 'login', of = owner): string {
    const { shard, handle } = locate(addressKeys, of, purpose, address);
    return shardKeys(shard).destination(handle);
  }
  /** An e-mail address that no test has used, in another shard than this address. */
  function newEmailBeside(address: string): string {
    let email: string;
    do email = `user-${(emails += 1)}@example.com`;
    while (shardOf(addressKeys, email) === shardOf(addressKeys, address));
    return email;
  }

  return {
    redis,
    clock,
    keys: { idKey, sealKeys, peppers },
    digests,
    digestsMade: () => digestsMade,
    profiles,
    verifications,
    deliveries,
    dueSet,
    drain,
    project,
    owner,
    call,
    open,
    claim,
    codeOf,
    settle,
    receipts,
    receive,
    judge,
    read,
    timelineOf,
    dataOf,
    addressKeys,
    keysOf,
    destinationKeyOf,
    newEmailBeside,
    travel: (ms: number) => {
      travelledMs += ms;
    },
    async close() {
      redis.disconnect();
    },
  };
}

export type Harness = Awaited<ReturnType<typeof startHarness>>;

let numbers = 0;
let emails = 0;

/** For a phone number that no test has used. */
export function openInput(changes: Partial<OpenInput> = {}): OpenInput & { readonly destination: string } {
  numbers += 1;
  const input: OpenInput = {
    addresses: { phone: `+1415555${String(numbers).padStart(4, '0')}` },
    purpose: 'login',
    plan: { kind: 'at_once', channels: ['sms'] },
    country: 'US',
    binding: undefined,
    context: {},
    ...changes,
  };
  return { ...input, destination: primaryOf(input.addresses) };
}

/** A code that is surely wrong. */
export const wrongCode = (right: string) => (right === '000000' ? '111111' : '000000');

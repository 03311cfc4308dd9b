import { randomBytes } from 'node:crypto';
import type { AttemptOutcome } from '@watchword/contracts';
import { Secret, singleKeyRing } from '@watchword/platform';
import { eventually } from '@watchword/testkit';
import {
  createDeliveries,
  createDueSet,
  createReceipts,
  createVerifications,
  type Next,
  type SendPlan,
  type VerificationView,
} from '@watchword/verifications';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { replay } from '../src/index.ts';
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
const PLANS: readonly SendPlan[] = [
  { kind: 'at_once', channels: ['sms'] },
  { kind: 'at_once', channels: ['sms', 'email'] },
  { kind: 'in_turn', steps: [{ channel: 'email', timeout_s: 5 }, { channel: 'whatsapp' }, { channel: 'sms' }] },
];
const PROJECT = 'p-same';
const LEASE_MS = 7_000;

let scene: Scene;
beforeEach(async () => {
  scene = await startScene();
});
afterEach(() => scene.close());

/** The scripts of the state machine, with a clock that is moved and digests that are the code itself. */
function startMachine() {
  let travelledMs = 0;
  const clock = { now: () => Date.now() + travelledMs, serverNow: () => Date.now() };
  const idKey = new Secret(randomBytes(32));
  const sealKeys = singleKeyRing(new Secret(Buffer.from(scene.environment.SEAL_KEY, 'base64url')));
  const shared = { redis: scene.redis, clock, idKey, sealKeys };
  return {
    verifications: createVerifications({
      ...shared,
      digests: { digest: async (code: string) => Buffer.from(code) },
      profiles: { current: 0, get: async () => ({ memoryKib: 8, pepper: 1 }) },
    }),
    deliveries: createDeliveries(shared),
    dueSet: createDueSet(scene.redis, clock),
    receipts: createReceipts(shared),
    call: () => ({ project: PROJECT, mode: 'test', operation: '', deadline: Date.now() + 30_000 }) as const,
    travel: (ms: number) => {
      travelledMs += ms;
    },
  };
}

const pick = <T>(values: readonly T[]) => values[Math.floor(Math.random() * values.length)] as T;
const ENDS: readonly Next[] = [
  { kind: 'end', status: 'accepted' },
  { kind: 'end', status: 'failed' },
  { kind: 'end', status: 'unknown' },
  { kind: 'again' },
  { kind: 'later', delayMs: 1 },
];

/** Opens one verification and does to it whatever comes; returns its id. */
async function liveAtRandom(machine: ReturnType<typeof startMachine>, number: number): Promise<string> {
  const { verifications, deliveries, receipts, dueSet, call } = machine;
  const addresses = {
    phone: `+1415555${String(number).padStart(4, '0')}`,
    email: `user-${number}@example.com`,
  };
  const context = number % 2 ? { locale: 'en', metadata: { order: String(number) } } : {};
  const plan = pick(PLANS);
  const policy = { ...POLICY, onUnknown: pick(['resend', 'wait'] as const) };
  const input = { addresses, purpose: 'login', plan, country: 'US', binding: undefined, context };
  const sent = await verifications.open(input, policy, call());
  if (sent.result !== 'sent') throw new Error(sent.result);
  const deliveryIds = async () => {
    const held = (await verifications.read(sent.id, call())) as VerificationView;
    return held.deliveries.map(({ id }) => id);
  };
  const attemptIds: string[] = [];
  const codes: string[] = [];
  const moves = [
    async () => {
      await verifications.resend(sent.id, pick(['sms', 'email', undefined]), policy, call());
    },
    async () => {
      const claimed = await deliveries.claim(pick(await deliveryIds()), LEASE_MS);
      if (claimed.result !== 'claimed') return;
      attemptIds.push(claimed.attempt.id);
      codes.push(claimed.code);
      if (Math.random() < 0.2) return machine.travel(LEASE_MS + 1);
      const outcome = pick<AttemptOutcome>(['accepted', 'rejected', 'transient', 'unknown']);
      const expectsReceipt = Math.random() < 0.7;
      const settlement = { provider: 'twilio', countsAsCall: true, outcome, expectsReceipt, next: pick(ENDS) };
      await deliveries.settle(claimed.attempt, settlement);
    },
    async () => {
      if (Math.random() < 0.5) machine.travel(5_000);
      await dueSet.drain(async () => undefined);
    },
    async () => {
      const status = pick(['accepted', 'sent', 'undelivered', 'delivered', 'read'] as const);
      const attemptId = pick(attemptIds);
      if (attemptId) await receipts.receive({ attemptId, provider: 'twilio', mode: 'test', status });
    },
    async () => {
      const guess = Math.random() < 0.3 ? (codes[0] ?? '000000') : '000000';
      await verifications.judge(sent.id, guess, undefined, POLICY.streakFreeChecks, call());
    },
    async () => {
      if (Math.random() < 0.2) await verifications.cancel(sent.id, call());
    },
  ];
  for (let steps = 4 + Math.floor(Math.random() * 14); steps > 0; steps -= 1) await pick(moves)();
  return sent.id;
}

test('whatever happens to 150 verifications, their records say what Redis says', async () => {
  const machine = startMachine();
  await scene.start();
  const ids: string[] = [];
  for (let number = 0; number < 150; number += 1) ids.push(await liveAtRandom(machine, number));
  await eventually('empty streams', 15_000, async () => ((await scene.waiting()) === 0 ? true : undefined));
  expect(await scene.records.listPoison(9)).toEqual([]);
  const seen = new Set<string>();
  const reasons = new Set<string | null>();
  for (const id of ids) {
    const body = id.slice('ver_'.length);
    const held = (await machine.verifications.read(id, machine.call())) as VerificationView;
    const state = (await scene.records.readStates([body])).get(body);
    const { verification, deliveries } = state ?? {};
    expect({
      status: verification?.status,
      undeliverable: verification?.undeliverable,
      openedAt: verification?.opened_at,
      expiresAt: verification?.expires_at,
      endedAt: verification?.ended_at ?? undefined,
      checksRemaining: verification?.checks_remaining,
      deliveries: deliveries?.map((delivery) => ({
        id: delivery.id,
        channel: delivery.channel,
        status: delivery.status,
      })),
    }).toEqual({
      status: held.status === 'expired' && held.endedAt === held.expiresAt ? verification?.status : held.status,
      undeliverable: held.undeliverable,
      openedAt: held.openedAt,
      expiresAt: held.expiresAt,
      endedAt: held.endedAt === held.expiresAt ? (verification?.ended_at ?? undefined) : held.endedAt,
      checksRemaining: held.checksRemaining,
      deliveries: held.deliveries,
    });
    expect(state && replay(await scene.records.readEvents(body), state.verification)).toEqual(state);
    for (const { reason } of deliveries ?? []) reasons.add(reason);
    for (const { status } of held.deliveries) seen.add(status);
    seen.add(held.status);
  }
  // A run that never got there would prove little.
  expect(reasons).toEqual(new Set(['failed', null, 'timeout']));
  expect([...seen]).toEqual(
    expect.arrayContaining(['approved', 'exhausted', 'pending', 'accepted', 'failed', 'skipped']),
  );
}, 40_000);

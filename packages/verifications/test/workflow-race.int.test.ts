import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Claimed } from '../src/deliveries.ts';
import { type Harness, NO_PACING, type Opened, startHarness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

/** Longer than the time-outs of the steps. */
const LEASE_MS = 60_000;
const CHANNELS = ['whatsapp', 'sms', 'voice'] as const;
const STEPS = [
  { channel: 'whatsapp', timeout_s: 30 },
  { channel: 'sms', timeout_s: 30 },
  { channel: 'voice' },
] as const;
const ROUNDS = 40;

interface Running {
  readonly sent: Opened;
  readonly claimed: Claimed;
}

/** Workflows whose first delivery is being sent while its time-out has come. */
async function startAll(): Promise<Running[]> {
  const running: Running[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const sent = await harness.open({ plan: { kind: 'in_turn', steps: STEPS } });
    running.push({ sent, claimed: await harness.claim(sent.deliveryId, LEASE_MS) });
  }
  harness.travel(30_001);
  return running;
}

const shuffled = <T>(values: readonly T[]) =>
  values
    .map((value) => ({ value, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ value }) => value);

/** Everything at once, in any order, with the due set being drained by several. */
async function race(running: readonly Running[], moves: readonly ((one: Running) => Promise<unknown>)[]) {
  const all = running.flatMap((one) => moves.map((move) => () => move(one)));
  const drains = Array.from({ length: 3 }, () => () => harness.drain());
  await Promise.all(shuffled([...all, ...drains]).map((act) => act()));
  await harness.drain();
}

async function stateOf({ sent }: Running) {
  const state = await harness.verifications.read(sent.id, harness.owner);
  const events = await harness.timelineOf(sent.id);
  const keys = harness.keysOf(sent);
  const fields = await harness.redis.hkeys(keys.verification);
  const due = await harness.redis.zrange(keys.due, '0', '-1');
  return {
    status: state?.status,
    deliveries: state?.deliveries ?? [],
    seqs: events.map(({ seq }) => seq),
    queued: events.filter(({ type }) => type === 'delivery.queued').length,
    secrets: fields.filter((field) => /^[hcw]\d*$/.test(field) && field !== 'c'),
    due: due.filter((entry) => entry.includes(sent.id.slice('ver_'.length))).map((entry) => entry.slice(0, 1)),
  };
}

/** What holds whoever comes first: the steps come in their order, each once, and what has ended sends nothing. */
async function expectOrder(running: readonly Running[], deliveriesMax: number) {
  const counts = new Set<number>();
  for (const one of running) {
    const { status, deliveries, seqs, queued, secrets, due } = await stateOf(one);
    expect(deliveries.map(({ channel }) => channel)).toEqual(CHANNELS.slice(0, deliveries.length));
    expect(deliveries.length).toBeLessThanOrEqual(deliveriesMax);
    expect(queued).toBe(deliveries.length);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    // What says that something is still to come: codes and digests, a step that runs, its time-out, the expiry.
    const left = [
      ...deliveries.filter((delivery) => delivery.status === 'queued').map(({ id }) => id),
      ...secrets.filter((field) => !/^w\d/.test(field)),
      ...due.filter((kind) => kind !== 'd'),
    ];
    expect(status === 'pending' ? [] : left).toEqual([]);
    counts.add(deliveries.length);
  }
  return counts;
}

test('a failure and a time-out that race begin one next step', async () => {
  const running = await startAll();
  await race(running, [({ claimed }) => harness.settle(claimed, 'transient')]);
  expect(await expectOrder(running, 2)).toEqual(new Set([2]));
});

test('a failure, a receipt of it and a time-out that race begin one next step', async () => {
  const running = await startAll();
  await race(running, [
    ({ claimed }) => harness.settle(claimed, 'accepted'),
    ({ claimed }) => harness.receive(claimed, 'undelivered'),
  ]);
  expect(await expectOrder(running, 2)).toEqual(new Set([2]));
});

test('a time-out that races with the proof of arrival begins at most one step, and what still waits is skipped', async () => {
  const running = await startAll();
  await race(running, [
    ({ claimed }) => harness.settle(claimed, 'accepted'),
    ({ claimed }) => harness.receive(claimed, 'delivered'),
  ]);
  await expectOrder(running, 2);
  for (const one of running) {
    const { deliveries, secrets } = await stateOf(one);
    expect(deliveries.map(({ status }) => status)).toEqual(['delivered', 'skipped'].slice(0, deliveries.length));
    expect(secrets.filter((field) => field.startsWith('c') || field === 'w')).toEqual([]);
  }
});

test('nothing begins after a last word, an approval or a cancel, whatever it races with', async () => {
  const running = await startAll();
  await race(running, [
    ({ claimed }) => harness.settle(claimed, 'accepted', { expectsReceipt: false }),
    (one) => harness.judge(one.sent.id, one.claimed.code),
    (one) => harness.verifications.cancel(one.sent.id, harness.call()),
  ]);
  await expectOrder(running, 2);
  for (const one of running) {
    const before = await stateOf(one);
    expect(['approved', 'canceled']).toContain(before.status);
    harness.travel(1);
  }
  harness.travel(60_000);
  await harness.drain();
  await expectOrder(running, 2);
});

test('a resend that races with all of it leaves one workflow, of the newest code', async () => {
  const running = await startAll();
  harness.travel(30_000);
  await race(running, [
    ({ claimed }) => harness.settle(claimed, 'transient'),
    (one) => harness.verifications.resend(one.sent.id, undefined, NO_PACING, harness.call()),
  ]);
  for (const one of running) {
    const { deliveries, due } = await stateOf(one);
    const channels = deliveries.map(({ channel }) => channel);
    // The first send's second step may or may not have come before.
    expect([
      ['whatsapp', 'whatsapp'],
      ['whatsapp', 'sms', 'whatsapp'],
    ]).toContainEqual(channels);
    expect(due.filter((kind) => kind === 'w')).toEqual(['w']);
    const codes = await Promise.all(deliveries.slice(-1).map(({ id }) => harness.deliveries.claim(id, LEASE_MS)));
    expect(codes).toMatchObject([{ result: 'claimed', channel: 'whatsapp' }]);
  }
  harness.travel(30_001);
  await harness.drain();
  for (const one of running) expect((await stateOf(one)).deliveries.at(-1)?.channel).toBe('sms');
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packAddresses } from '../src/addresses.ts';
import { createGuessesBeside } from '../src/guesses-beside.ts';
import type { OpenInput } from '../src/outcomes.ts';
import { createSealer } from '../src/seal.ts';
import { type Harness, type Opened, opened, openInput, policy, startHarness, wrongCode } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const FREE = policy.streakFreeChecks;
const LOOSE = { ...policy, pacingSeconds: [0], sendsMax: 100, checksMax: 100 };
const AT_ONCE = { kind: 'at_once', channels: ['sms', 'email'] } as const;

let emails = 0;
const newEmail = () => `guess-${(emails += 1)}@example.com`;
const newPhone = () => openInput().destination;
/** As who guesses at an e-mail address would open it: with a number that is new each time. */
const withNewPhone = (email: string, plan: OpenInput['plan'] = AT_ONCE, binding?: Record<string, string>) =>
  harness.open({ addresses: { phone: newPhone(), email }, plan, binding }, LOOSE);
const alone = (email: string) =>
  harness.open({ addresses: { email }, plan: { kind: 'at_once', channels: ['email'] }, country: '' }, LOOSE);

const streakOf = async (address: string) => Number(await harness.redis.hget(harness.destinationKeyOf(address), 'k'));
const isLocked = async (address: string) => (await harness.redis.hget(harness.destinationKeyOf(address), 'l')) !== null;
const phoneOf = ({ addresses }: Opened) => addresses?.phone ?? '';

/** Claims all messages, so that they may have arrived. */
async function codeOf(sent: Opened): Promise<string> {
  const codes = await Promise.all(sent.deliveries.map(({ id }) => harness.codeOf(id)));
  return codes[0] ?? '';
}
async function guessWrong(sent: Opened, times = 1): Promise<void> {
  const wrong = wrongCode(await codeOf(sent));
  for (let guess = 0; guess < times; guess += 1) {
    expect(await harness.judge(sent.id, wrong)).toMatchObject({ result: 'incorrect' });
  }
}

describe('guesses at an address beside the primary one', () => {
  test('lock it after as many as if it were alone, whatever primary address is new each time', async () => {
    const email = newEmail();
    for (let round = 0; round < 3; round += 1) await guessWrong(await withNewPhone(email), 3);
    const sent = await withNewPhone(email);
    const code = await codeOf(sent);
    const locked = await harness.judge(sent.id, code);
    expect(locked).toMatchObject({ result: 'checks_locked' });
    expect('retryMs' in locked && locked.retryMs).toBeGreaterThan(29_000);
    // By the address' own verification it is as locked, and nothing was counted at the primary one.
    expect(await harness.judge((await alone(email)).id, code)).toMatchObject({ result: 'checks_locked' });
    expect(await streakOf(phoneOf(sent))).toBe(0);
    harness.travel(30_001);
    const next = await withNewPhone(email);
    await guessWrong(next);
    expect(await harness.judge(next.id, code)).toMatchObject({ result: 'checks_locked' });
  });

  test('count together with those at its own verifications', async () => {
    const email = newEmail();
    await guessWrong(await withNewPhone(email), FREE - 1);
    await guessWrong(await alone(email));
    expect(await harness.judge((await withNewPhone(email)).id, '000000')).toMatchObject({ result: 'checks_locked' });
  });

  test('do not exceed the lock when they race over many verifications', async () => {
    const email = newEmail();
    const asked: { id: string; binding: Record<string, string>; wrong: string }[] = [];
    for (let at = 0; at < 10; at += 1) {
      const binding = { at: `${at}` };
      const sent = await withNewPhone(email, AT_ONCE, binding);
      asked.push({ id: sent.id, binding, wrong: wrongCode(await codeOf(sent)) });
    }
    const guesses = Array.from({ length: 60 }, (_, at) => asked[at % asked.length] as (typeof asked)[number]);
    const answers = await Promise.all(guesses.map(({ id, wrong, binding }) => harness.judge(id, wrong, {}, binding)));
    expect(answers.filter(({ result }) => result === 'incorrect')).toHaveLength(FREE);
    expect(answers.filter(({ result }) => result === 'checks_locked')).toHaveLength(60 - FREE);
    expect(await streakOf(email)).toBe(FREE);
  });

  test('count once for each call, however often and however parallel it is repeated', async () => {
    const email = newEmail();
    const sent = await withNewPhone(email);
    const wrong = wrongCode(await codeOf(sent));
    const operation = `op-${harness.project}-guess`;
    const answers = await Promise.all(Array.from({ length: 8 }, () => harness.judge(sent.id, wrong, { operation })));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await harness.judge(sent.id, wrong, { operation })).toEqual(answers[0]);
    expect([await streakOf(email), await isLocked(email)]).toEqual([1, false]);
  });

  test('count only where messages have gone: a check of what nobody was sent is no guess at it', async () => {
    const email = newEmail();
    const sent = await withNewPhone(email, { kind: 'at_once', channels: ['sms'] });
    await guessWrong(sent);
    expect(await streakOf(email)).toBe(0);
    await guessWrong(opened(await harness.verifications.resend(sent.id, 'email', LOOSE, harness.call())));
    expect([await streakOf(email), await streakOf(phoneOf(sent))]).toEqual([1, 2]);
  });

  test('count nowhere when one of the addresses is locked', async () => {
    const [email, device_token] = [newEmail(), `${newEmail().replace('@', '-')}-token`];
    const plan = { kind: 'at_once', channels: ['sms', 'email', 'push'] } as const;
    const locking = await harness.open({ addresses: { phone: newPhone(), device_token }, plan: PUSH }, LOOSE);
    await guessWrong(locking, FREE);
    const sent = await harness.open({ addresses: { phone: newPhone(), email, device_token }, plan }, LOOSE);
    expect(await harness.judge(sent.id, await codeOf(sent))).toMatchObject({ result: 'checks_locked' });
    expect([await streakOf(phoneOf(sent)), await streakOf(email)]).toEqual([0, 0]);
    expect((await harness.verifications.read(sent.id, harness.owner))?.checksRemaining).toBe(LOOSE.checksMax);
  });

  test('that reach Redis too late are counted nowhere', async () => {
    const { redis, clock, keys, addressKeys } = harness;
    const sealer = createSealer(keys.sealKeys);
    const { judgeCounted } = createGuessesBeside({ redis, clock, keys: addressKeys, sealer });
    const email = newEmail();
    const { id, addresses } = await withNewPhone(email);
    const sealed = sealer.seal(packAddresses(addresses ?? {}), id, 'destination');
    const late = harness.call({ deadline: Date.now() - 1 });
    const asks = async () => [{ result: 'beside', kinds: 'e', purpose: 'login' } as const, sealed] as [never, Buffer];
    await expect(judgeCounted(id, asks, FREE, late)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await streakOf(email)).toBe(0);
  });

  test('count nothing when no code is compared', async () => {
    const email = newEmail();
    const sent = await withNewPhone(email, AT_ONCE, { amount: '1' });
    const code = await codeOf(sent);
    expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'binding_mismatch' });
    harness.travel(LOOSE.codeTtlMs + 1);
    expect(await harness.judge(sent.id, code, {}, { amount: '1' })).toMatchObject({ result: 'expired' });
    expect(await streakOf(email)).toBe(0);
  });
});

const PUSH = { kind: 'at_once', channels: ['push'] } as const;

describe('an approval', () => {
  test('gives back what its own verification has counted, and no more: either message may have shown the code', async () => {
    const email = newEmail();
    await guessWrong(await alone(email), 4);
    const sent = await withNewPhone(email);
    const code = await codeOf(sent);
    await guessWrongOnly(sent, code, 2);
    expect([await streakOf(email), await streakOf(phoneOf(sent))]).toEqual([6, 2]);
    expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'approved' });
    // A number of one's own must not clear what guards another's mailbox; nor the other way round.
    expect([await streakOf(email), await streakOf(phoneOf(sent))]).toEqual([4, 0]);
  });

  test('does not clear the primary address either, when the code may have come from another', async () => {
    const phone = newPhone();
    const open = (plan: OpenInput['plan']) => harness.open({ addresses: { phone, email: newEmail() }, plan }, LOOSE);
    await guessWrong(await harness.open({ addresses: { phone } }, LOOSE), 5);
    for (const plan of [AT_ONCE, { kind: 'at_once', channels: ['email'] } as const]) {
      const sent = await open(plan);
      const code = await codeOf(sent);
      await guessWrongOnly(sent, code, 1);
      expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'approved' });
      expect(await streakOf(phone)).toBe(5);
    }
  });

  test('clears the streak of an address that it proves', async () => {
    const email = newEmail();
    await guessWrong(await alone(email), 4);
    const sent = await withNewPhone(email, { kind: 'at_once', channels: ['email'] });
    const code = await codeOf(sent);
    await guessWrongOnly(sent, code, 1);
    expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'approved' });
    expect([await streakOf(email), await isLocked(email)]).toEqual([0, false]);
  });

  test('of the last guess before the lock leaves no lock behind', async () => {
    const email = newEmail();
    await guessWrong(await alone(email), FREE - 1);
    const sent = await withNewPhone(email);
    expect(await harness.judge(sent.id, await codeOf(sent))).toMatchObject({ result: 'approved' });
    expect([await streakOf(email), await isLocked(email)]).toEqual([FREE - 1, false]);
  });

  test('of the last guess before the lock for good leaves an address that is forgotten in time', async () => {
    const email = newEmail();
    const sent = await withNewPhone(email);
    await harness.redis.hset(harness.destinationKeyOf(email), 'k', '99');
    expect(await harness.judge(sent.id, await codeOf(sent))).toMatchObject({ result: 'approved' });
    expect([await streakOf(email), await isLocked(email)]).toEqual([99, false]);
    expect(await harness.redis.pttl(harness.destinationKeyOf(email))).toBeGreaterThan(0);
  });

  test('is one of parallel right guesses, and the others leave nothing counted', async () => {
    const email = newEmail();
    const sent = await withNewPhone(email);
    const code = await codeOf(sent);
    const call = { operation: `op-${harness.project}-right` };
    const answers = await Promise.all([
      ...Array.from({ length: 4 }, () => harness.judge(sent.id, code)),
      ...Array.from({ length: 4 }, () => harness.judge(sent.id, code, call)),
    ]);
    expect(new Set(answers.map(({ result }) => result))).toEqual(new Set(['approved', 'already_approved']));
    expect([await streakOf(email), await isLocked(email)]).toEqual([0, false]);
  });
});

async function guessWrongOnly(sent: Opened, code: string, times: number): Promise<void> {
  for (let guess = 0; guess < times; guess += 1) {
    expect(await harness.judge(sent.id, wrongCode(code))).toMatchObject({ result: 'incorrect' });
  }
}

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCore } from '../src/core.ts';
import { registerDigestProfile } from '../src/digest-profiles.ts';
import type { OpenInput } from '../src/outcomes.ts';
import { createResending } from '../src/resending.ts';
import { createReserveBeside } from '../src/reserving.ts';
import { createVerifications } from '../src/verifications.ts';
import { type Harness, LEASE_MS, NO_PACING, type Opened, opened, openInput, policy, startHarness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const SMS_EMAIL = { kind: 'at_once', channels: ['sms', 'email'] } as const;

/** A phone number and an e-mail address that no test has used; their shards differ. */
function both(changes: Partial<OpenInput> = {}) {
  const input = openInput({ plan: SMS_EMAIL, ...changes });
  const email = harness.newEmailBeside(input.destination);
  const addresses = changes.addresses ?? { phone: input.destination, email };
  return { ...input, addresses, phone: input.destination, email };
}
const onlyEmail = (email: string): Partial<OpenInput> => ({
  addresses: { email },
  plan: { kind: 'at_once', channels: ['email'] },
  country: '',
});

const tryOpen = (input: Partial<OpenInput>, withPolicy = policy, operation = '') =>
  harness.verifications.open(openInput(input), withPolicy, harness.call({ operation }));
const latest = (address: string, binding?: Record<string, string>) =>
  harness.verifications.latest(harness.owner, 'login', address, binding);
const codeOf = (sent: Opened, at = 0) => harness.codeOf(sent.deliveries[at]?.id ?? '');

describe('an address beside the primary one is paced as if it were alone', () => {
  test('by what was sent to it before, in either role', async () => {
    const { email, ...input } = both();
    await harness.open(input);
    expect(await tryOpen(onlyEmail(email))).toMatchObject({ result: 'resend_too_soon' });
    // With another number the e-mail address is no freer.
    const other = openInput({ addresses: { phone: openInput().destination, email }, plan: SMS_EMAIL });
    expect(await tryOpen(other)).toMatchObject({ result: 'resend_too_soon' });
    harness.travel(60_001);
    expect(await tryOpen(other)).toMatchObject({ result: 'sent' });

    const alone = both();
    await harness.open(onlyEmail(alone.email));
    expect(await tryOpen(alone)).toMatchObject({ result: 'resend_too_soon' });
    expect(await latest(alone.phone)).toBeNull();
  });

  test('by the count of sends, over verifications of any number', async () => {
    const { email } = both();
    const withNumber = () => both({ addresses: { phone: openInput().destination, email } });
    for (let send = 0; send < policy.sendsMax; send += 1) {
      expect(await tryOpen(withNumber(), NO_PACING)).toMatchObject({ result: 'sent' });
    }
    expect(await tryOpen(withNumber(), NO_PACING)).toMatchObject({ result: 'max_sends' });
    expect(await tryOpen(onlyEmail(email), NO_PACING)).toMatchObject({ result: 'max_sends' });
  });

  test('for a resend that goes to it, and not for one that does not', async () => {
    const input = both();
    const sent = await harness.open(input);
    harness.travel(60_001);
    await harness.open(onlyEmail(input.email));
    const resend = (channel?: 'sms' | 'email') =>
      harness.verifications.resend(sent.id, channel, policy, harness.call());
    expect(await resend()).toMatchObject({ result: 'resend_too_soon' });
    expect(await resend('email')).toMatchObject({ result: 'resend_too_soon' });
    expect(await resend('sms')).toMatchObject({ result: 'sent' });
    expect((await harness.read(sent)).deliveries.map(({ channel }) => channel)).toEqual(['sms', 'email', 'sms']);
  });

  test('and for one that goes where it was counted, though another call changes the plan meanwhile', async () => {
    const { phone, email, ...input } = both();
    const addresses = { phone, email, device_token: 't'.repeat(20) };
    const sent = await harness.open({ ...input, addresses }, NO_PACING);
    const { redis, clock, keys, digests, profiles } = harness;
    const core = createCore({ redis, clock, idKey: keys.idKey, sealKeys: keys.sealKeys, digests, profiles });
    const plan = { kind: 'at_once', channels: ['sms', 'push'] } as const;
    const { resend } = createResending(core, async (...reserved) => {
      await harness.open({ ...input, addresses, plan }, NO_PACING);
      return createReserveBeside(core)(...reserved);
    });
    const again = opened(await resend(sent.id, undefined, NO_PACING, harness.call()));
    expect(again.deliveries.map(({ channel }) => channel)).toEqual(['sms', 'email']);
  });

  test('from the first step of a workflow on, which may come to it later', async () => {
    const plan = { kind: 'in_turn', steps: [{ channel: 'sms', timeout_s: 30 }, { channel: 'email' }] } as const;
    const input = both({ plan });
    await harness.open(input);
    expect(await tryOpen(onlyEmail(input.email))).toMatchObject({ result: 'resend_too_soon' });
  });

  test('but not by a send over channels that do not go to it', async () => {
    const input = both({ plan: { kind: 'at_once', channels: ['sms'] } });
    const sent = await harness.open(input);
    expect(await harness.redis.exists(harness.destinationKeyOf(input.email))).toBe(0);
    expect(await latest(input.email)).toBeNull();
    harness.travel(60_001);
    const again = opened(await harness.verifications.resend(sent.id, 'email', policy, harness.call()));
    expect(again.deliveries).toMatchObject([{ channel: 'email' }]);
    expect(await latest(input.email)).toBe(sent.id);
  });

  test('and a reservation stays when the primary address refuses the send', async () => {
    const input = both();
    await harness.open({ addresses: { phone: input.phone } });
    expect(await tryOpen(input)).toMatchObject({ result: 'resend_too_soon' });
    expect(await tryOpen(onlyEmail(input.email))).toMatchObject({ result: 'resend_too_soon' });
  });

  test('which the same call uses when it comes again: the address leads to what it opened then', async () => {
    const input = both();
    await harness.open({ addresses: { phone: input.phone } });
    const operation = `op-${harness.project}-again`;
    expect(await tryOpen(input, policy, operation)).toMatchObject({ result: 'resend_too_soon' });
    harness.travel(60_001);
    const sent = opened(await tryOpen(input, policy, operation));
    expect([await latest(input.email), await latest(input.phone)]).toEqual([sent.id, sent.id]);
  });

  test('and whose code is right, though codes are digested under another profile by then', async () => {
    const input = both();
    await harness.open({ addresses: { phone: input.phone } });
    const operation = `op-${harness.project}-profile`;
    expect(await tryOpen(input, policy, operation)).toMatchObject({ result: 'resend_too_soon' });
    harness.travel(60_001);
    const { peppers, ...keys } = harness.keys;
    const { redis, clock, digests } = harness;
    const profiles = await registerDigestProfile({ redis, memoryKib: 16, peppers });
    const restarted = createVerifications({ redis, clock, ...keys, digests, profiles });
    const sent = opened(await restarted.open(openInput(input), policy, harness.call({ operation })));
    expect(await harness.judge(sent.id, await codeOf(sent))).toMatchObject({ result: 'approved' });
  });

  test('but not by a resend that the primary address refuses', async () => {
    const input = both({ plan: { kind: 'at_once', channels: ['sms'] } });
    const sent = await harness.open(input);
    const refused = await harness.verifications.resend(sent.id, 'email', policy, harness.call());
    expect(refused).toMatchObject({ result: 'resend_too_soon' });
    expect(await harness.redis.exists(harness.destinationKeyOf(input.email))).toBe(0);
  });

  test('of calls that come too late nothing is counted', async () => {
    const input = both();
    const late = harness.call({ deadline: Date.now() - 1 });
    await expect(harness.verifications.open(input, policy, late)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await harness.redis.exists(harness.destinationKeyOf(input.email))).toBe(0);
  });
});

describe('a check by an address beside the primary one', () => {
  test('finds the verification, whose code either message has', async () => {
    const input = both();
    const sent = await harness.open(input);
    expect([await latest(input.email), await latest(input.phone)]).toEqual([sent.id, sent.id]);
    const code = await codeOf(sent, 1);
    const approved = await harness.judge((await latest(input.email)) ?? '', code);
    // The message to the phone number still waits.
    expect(approved).toMatchObject({ result: 'approved', approval: { destination: input.email } });
  });

  test('finds it by its binding, else the latest', async () => {
    const input = both();
    const [bound, free] = [{ ...input, binding: { amount: '1' } }, input];
    const first = await harness.open(bound, NO_PACING);
    const second = await harness.open(free, NO_PACING);
    expect(await latest(input.email, { amount: '1' })).toBe(first.id);
    expect(await latest(input.email)).toBe(second.id);
  });

  test('still finds it after the address has opened one of its own, until that takes its place', async () => {
    const input = both({ binding: { amount: '1' } });
    const first = await harness.open(input, NO_PACING);
    const own = await harness.open(onlyEmail(input.email), NO_PACING);
    expect(await latest(input.email, { amount: '1' })).toBe(first.id);
    expect(await latest(input.email)).toBe(own.id);
    await harness.open({ ...onlyEmail(input.email), binding: { amount: '1' } }, NO_PACING);
    expect(await latest(input.email, { amount: '1' })).not.toBe(first.id);
  });

  test('finds it alone: what the address had open of its own under that binding has ended, and nothing else has', async () => {
    const input = both();
    const own = await harness.open(onlyEmail(input.email), NO_PACING);
    const bound = await harness.open({ ...onlyEmail(input.email), binding: { amount: '1' } }, NO_PACING);
    const otherPurpose = await harness.open({ ...onlyEmail(input.email), purpose: 'payment' }, NO_PACING);
    const live = { ...harness.owner, mode: 'live' } as const;
    const [ofLive, ofOther] = [
      await harness.open(onlyEmail(input.email), NO_PACING, live),
      await harness.open(onlyEmail(input.email), NO_PACING, { project: `${harness.project}-other` }),
    ];
    const ownCode = await codeOf(own);
    const sent = await harness.open(input, NO_PACING);
    expect(await harness.read(own)).toMatchObject({ status: 'canceled' });
    expect(await harness.judge(own.id, ownCode)).toMatchObject({ result: 'canceled' });
    expect((await harness.timelineOf(own.id)).at(-1)).toMatchObject({ type: 'verification.canceled' });
    // Its code is no guess at the other one.
    expect(await harness.read(sent)).toMatchObject({ status: 'pending', checksRemaining: policy.checksMax });
    for (const other of [bound, otherPurpose]) expect(await harness.read(other)).toMatchObject({ status: 'pending' });
    expect(await harness.verifications.read(ofLive.id, live)).toMatchObject({ status: 'pending' });
    const otherProject = { ...harness.owner, project: `${harness.project}-other` };
    expect(await harness.verifications.read(ofOther.id, otherProject)).toMatchObject({ status: 'pending' });
    // Those of other primary addresses are of other shards.
    const second = await harness.open(
      both({ addresses: { phone: openInput().destination, email: input.email } }),
      NO_PACING,
    );
    expect(await harness.read(sent)).toMatchObject({ status: 'pending' });
    expect(await latest(input.email)).toBe(second.id);
  });

  test('finds nothing new when its own pacing refuses the send, which ends nothing', async () => {
    const input = both();
    const own = await harness.open(onlyEmail(input.email));
    expect(await tryOpen(input)).toMatchObject({ result: 'resend_too_soon' });
    expect(await harness.read(own)).toMatchObject({ status: 'pending' });
    expect(await latest(input.email)).toBe(own.id);
  });

  test('leaves no pointers behind: whoever sends there again drops those that nobody needs', async () => {
    const input = both();
    const brief = { ...NO_PACING, codeTtlMs: 30_000, endedRetentionMs: 1_000, sendsMax: 100 };
    for (let bindings = 0; bindings < 5; bindings += 1)
      await harness.open({ ...input, binding: { at: `${bindings}` } }, brief);
    const pointers = async () =>
      (await harness.redis.hkeys(harness.destinationKeyOf(input.email))).filter((field) => field.startsWith('o'))
        .length;
    expect(await pointers()).toBe(5);
    harness.travel(31_001);
    await harness.open(both({ addresses: { phone: openInput().destination, email: input.email } }), brief);
    expect(await pointers()).toBe(1);
    harness.travel(31_001);
    await harness.open({ ...onlyEmail(input.email), binding: { at: 'own' } }, brief);
    expect(await pointers()).toBe(1);
  });
});

describe('another open', () => {
  test('for the same addresses, or the primary alone, is a resend', async () => {
    const input = both();
    const sent = await harness.open(input, NO_PACING);
    expect(await harness.open(input, NO_PACING)).toMatchObject({ id: sent.id, addresses: input.addresses });
    const alone = {
      ...input,
      addresses: { phone: input.phone },
      plan: { kind: 'at_once', channels: ['sms'] },
    } as const;
    expect(await harness.open(alone, NO_PACING)).toMatchObject({ id: sent.id, deliveries: [{ channel: 'sms' }] });
    expect((await harness.read(sent)).deliveries).toHaveLength(5);
  });

  test('with another address than the open one has takes its place: no message goes where the call did not say', async () => {
    const input = both();
    const changed = { ...input, addresses: { phone: input.phone, email: `new-${input.email}` } };
    const first = await harness.open(input, NO_PACING);
    const code = await codeOf(first);
    const second = await harness.open(changed, NO_PACING);
    expect(second.id).not.toBe(first.id);
    expect(await harness.deliveries.claim(second.deliveries[1]?.id ?? '', LEASE_MS)).toMatchObject({
      destination: `new-${input.email}`,
    });
    expect(await harness.judge(first.id, code)).toMatchObject({ result: 'canceled' });
    expect(await harness.deliveries.claim(first.deliveries[1]?.id ?? '', LEASE_MS)).toEqual({ result: 'ended' });
    expect(await latest(input.phone)).toBe(second.id);
    // One that the pacing refuses ends nothing.
    const third = await harness.verifications.open(input, { ...policy, sendsMax: 2 }, harness.call());
    expect(third).toMatchObject({ result: 'max_sends' });
    expect(await harness.read(second)).toMatchObject({ status: 'pending' });
  });

  test('after the first was approved is a new one, as long as both addresses may be sent to', async () => {
    const input = both();
    const first = await harness.open(input);
    await harness.judge(first.id, await codeOf(first));
    // The approval proves the phone number, since only that was sent to, and ends the wait of that alone.
    expect(await tryOpen(input)).toMatchObject({ result: 'resend_too_soon' });
    harness.travel(60_001);
    const second = await harness.open(input);
    expect(second.id).not.toBe(first.id);
  });
});

test('100 opens that race under one operation make one verification, which both addresses lead to', async () => {
  const input = both();
  const call = harness.call({ operation: `op-${harness.project}-race` });
  const answers = await Promise.all(Array.from({ length: 100 }, () => harness.verifications.open(input, policy, call)));
  const [answer] = answers;
  expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(1);
  const sent = opened(answer as Awaited<(typeof answers)[number]>);
  expect((await harness.read(sent)).deliveries).toHaveLength(2);
  expect([await latest(input.email), await latest(input.phone)]).toEqual([sent.id, sent.id]);
  // Much later, too, and whatever has come of it.
  await harness.judge(sent.id, await codeOf(sent));
  harness.travel(3_600_000);
  expect(await harness.verifications.open(input, policy, call)).toEqual(answer);
});

test('of opens that race without one nobody gets a verification that the other address does not lead to', async () => {
  const input = both();
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => harness.verifications.open(input, policy, harness.call())),
  );
  const ids = answers.flatMap((answer) => (answer.result === 'sent' ? [answer.id] : []));
  expect(ids).toHaveLength(1);
  expect([await latest(input.email), await latest(input.phone)]).toEqual([ids[0], ids[0]]);
});

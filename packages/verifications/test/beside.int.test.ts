import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createErasure } from '../src/erasure.ts';
import { deriveAddressKeys } from '../src/keys.ts';
import type { OpenInput } from '../src/outcomes.ts';
import { createSealer } from '../src/seal.ts';
import { locate, shardKeys, shardOf } from '../src/shards.ts';
import { type Harness, type Opened, opened, openInput, policy, startHarness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const LEASE_MS = 7_000;
const NO_PACING = { ...policy, pacingSeconds: [0] };
const SMS_EMAIL = { kind: 'at_once', channels: ['sms', 'email'] } as const;

let emails = 0;
/** A phone number and an e-mail address that no test has used; their shards differ. */
function both(changes: Partial<OpenInput> = {}) {
  const keys = deriveAddressKeys(harness.keys.idKey);
  const input = openInput({ plan: SMS_EMAIL, ...changes });
  let email: string;
  do email = `beside-${(emails += 1)}@example.com`;
  while (shardOf(keys, email) === shardOf(keys, input.destination));
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
const read = ({ id }: { id: string }) => harness.verifications.read(id, harness.owner);
const codeOf = (sent: Opened, at = 0) => harness.codeOf(sent.deliveries[at]?.id ?? '');
const destinationKey = (address: string) => {
  const { shard, handle } = locate(deriveAddressKeys(harness.keys.idKey), harness.owner, 'login', address);
  return shardKeys(shard).destination(handle);
};

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
    expect((await read(sent))?.deliveries.map(({ channel }) => channel)).toEqual(['sms', 'email', 'sms']);
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
    expect(await harness.redis.exists(destinationKey(input.email))).toBe(0);
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

  test('but not by a resend that the primary address refuses', async () => {
    const input = both({ plan: { kind: 'at_once', channels: ['sms'] } });
    const sent = await harness.open(input);
    const refused = await harness.verifications.resend(sent.id, 'email', policy, harness.call());
    expect(refused).toMatchObject({ result: 'resend_too_soon' });
    expect(await harness.redis.exists(destinationKey(input.email))).toBe(0);
  });

  test('of calls that come too late nothing is counted', async () => {
    const input = both();
    const late = harness.call({ deadline: Date.now() - 1 });
    await expect(harness.verifications.open(input, policy, late)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await harness.redis.exists(destinationKey(input.email))).toBe(0);
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
    expect(await read(own)).toMatchObject({ status: 'canceled' });
    expect(await harness.judge(own.id, ownCode)).toMatchObject({ result: 'canceled' });
    expect((await harness.timelineOf(own.id)).at(-1)).toMatchObject({ type: 'verification.canceled' });
    // Its code is no guess at the other one.
    expect(await read(sent)).toMatchObject({ status: 'pending', checksRemaining: policy.checksMax });
    for (const other of [bound, otherPurpose]) expect(await read(other)).toMatchObject({ status: 'pending' });
    expect(await harness.verifications.read(ofLive.id, live)).toMatchObject({ status: 'pending' });
    const otherProject = { ...harness.owner, project: `${harness.project}-other` };
    expect(await harness.verifications.read(ofOther.id, otherProject)).toMatchObject({ status: 'pending' });
    // Those of other primary addresses are of other shards.
    const second = await harness.open(
      both({ addresses: { phone: openInput().destination, email: input.email } }),
      NO_PACING,
    );
    expect(await read(sent)).toMatchObject({ status: 'pending' });
    expect(await latest(input.email)).toBe(second.id);
  });

  test('finds nothing new when its own pacing refuses the send, which ends nothing', async () => {
    const input = both();
    const own = await harness.open(onlyEmail(input.email));
    expect(await tryOpen(input)).toMatchObject({ result: 'resend_too_soon' });
    expect(await read(own)).toMatchObject({ status: 'pending' });
    expect(await latest(input.email)).toBe(own.id);
  });

  test('leaves no pointers behind: whoever sends there again drops those that nobody needs', async () => {
    const input = both();
    const brief = { ...NO_PACING, codeTtlMs: 30_000, endedRetentionMs: 1_000, sendsMax: 100 };
    for (let bindings = 0; bindings < 5; bindings += 1)
      await harness.open({ ...input, binding: { at: `${bindings}` } }, brief);
    const pointers = async () =>
      (await harness.redis.hkeys(destinationKey(input.email))).filter((field) => field.startsWith('o')).length;
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
    expect((await read(sent))?.deliveries).toHaveLength(5);
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
    expect(await read(second)).toMatchObject({ status: 'pending' });
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
  expect((await read(sent))?.deliveries).toHaveLength(2);
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

describe('erasing by an address beside the primary one', () => {
  const PURPOSES = ['login'];
  const erase = (address: string, operation = '') => {
    const { redis, clock, keys } = harness;
    const erasure = createErasure({ redis, clock, idKey: keys.idKey, sealer: createSealer(keys.sealKeys) });
    return erasure.erase(address, PURPOSES, { ...harness.call({ operation }), key: 'key_a', requestId: 'request-1' });
  };
  const entriesOf = async (address: string) => {
    const { events } = shardKeys(shardOf(deriveAddressKeys(harness.keys.idKey), address));
    const entries = await harness.redis.xrangeBuffer(events, '-', '+');
    return entries.map(([, values]) =>
      Object.fromEntries(
        values.flatMap((name, at) => (at % 2 === 0 ? [[name.toString(), values[at + 1] as Buffer]] : [])),
      ),
    );
  };

  test('ends and blanks the verification in its own shard, and leaves the entry behind its events there', async () => {
    const input = both({ context: { locale: 'pt-BR' } });
    const sent = await harness.open(input);
    const code = await codeOf(sent);
    const { id } = await erase(input.email, `erase-${harness.project}`);
    expect(await read(sent)).toMatchObject({ status: 'canceled', addresses: undefined, locale: undefined });
    expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'canceled' });
    expect(await latest(input.email)).toBeNull();
    const sealer = createSealer(harness.keys.sealKeys);
    for (const address of [input.email, input.phone]) {
      const entries = await entriesOf(address);
      const at = entries.findIndex(({ v }) => v?.toString() === id);
      const entry = entries[at] as Record<'s' | 'd' | 't' | 'q', Buffer>;
      expect([entry.t.toString(), entry.q.toString()]).toEqual(['destination.erased', '1']);
      expect(JSON.parse(entry.d.toString())).toEqual({
        project: harness.project,
        actor: 'key_a',
        request_id: 'request-1',
      });
      expect(sealer.unseal(entry.s, id, 'destination')).toBe(input.email);
      expect(entries.slice(at).some(({ v }) => v?.toString() === sent.id.slice('ver_'.length))).toBe(false);
    }
    // A repeat has its answer, and does what a crash may have left undone.
    expect(await erase(input.email, `erase-${harness.project}`)).toEqual({ id });
  });

  test('lets its owner be sent to again, and leaves the streak of the primary address', async () => {
    const input = both();
    const sent = await harness.open(input, { checksMax: 10 });
    const wrong = (await codeOf(sent)) === '000000' ? '111111' : '000000';
    await harness.judge(sent.id, wrong);
    await erase(input.email);
    expect(await tryOpen(onlyEmail(input.email))).toMatchObject({ result: 'sent' });
    expect(await harness.redis.hget(destinationKey(input.phone), 'k')).toBe('1');
  });

  test('by the primary one ends it as well, and a check by the other learns so', async () => {
    const input = both();
    const sent = await harness.open(input);
    const code = await codeOf(sent, 1);
    await erase(input.phone);
    expect(await read(sent)).toMatchObject({ status: 'canceled', addresses: undefined });
    expect(await harness.judge((await latest(input.email)) ?? '', code)).toMatchObject({ result: 'canceled' });
  });
});

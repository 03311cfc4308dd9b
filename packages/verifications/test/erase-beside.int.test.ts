import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createErasure } from '../src/erasure.ts';
import type { OpenInput } from '../src/outcomes.ts';
import { createSealer } from '../src/seal.ts';
import { shardKeys, shardOf } from '../src/shards.ts';
import { type Harness, openInput, policy, startHarness, wrongCode } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

/** For a phone number and an e-mail address, whose shards differ. */
function both(changes: Partial<OpenInput> = {}) {
  const { destination: phone } = openInput();
  const email = harness.newEmailBeside(phone);
  const plan = { kind: 'at_once', channels: ['sms', 'email'] } as const;
  return { ...openInput({ addresses: { phone, email }, plan, ...changes }), phone, email };
}
const latest = (address: string) => harness.verifications.latest(harness.owner, 'login', address, undefined);

describe('erasing by an address beside the primary one', () => {
  const PURPOSES = ['login'];
  const erase = (address: string, operation = '') => {
    const { redis, clock, keys } = harness;
    const erasure = createErasure({ redis, clock, idKey: keys.idKey, sealer: createSealer(keys.sealKeys) });
    return erasure.erase(address, PURPOSES, { ...harness.call({ operation }), key: 'key_a', requestId: 'request-1' });
  };
  const entriesOf = async (address: string) => {
    const { events } = shardKeys(shardOf(harness.addressKeys, address));
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
    const code = await harness.codeOf(sent.deliveryId);
    const { id } = await erase(input.email, `erase-${harness.project}`);
    expect(await harness.read(sent)).toMatchObject({ status: 'canceled', addresses: undefined, locale: undefined });
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
    await harness.judge(sent.id, wrongCode(await harness.codeOf(sent.deliveryId)));
    await erase(input.email);
    const alone = openInput({
      addresses: { email: input.email },
      plan: { kind: 'at_once', channels: ['email'] },
      country: '',
    });
    expect(await harness.verifications.open(alone, policy, harness.call())).toMatchObject({ result: 'sent' });
    expect(await harness.redis.hget(harness.destinationKeyOf(input.phone), 'k')).toBe('1');
  });

  test('by the primary one ends it as well, and a check by the other learns so', async () => {
    const input = both();
    const sent = await harness.open(input);
    const code = await harness.codeOf(sent.deliveries[1]?.id ?? '');
    await erase(input.phone);
    expect(await harness.read(sent)).toMatchObject({ status: 'canceled', addresses: undefined });
    expect(await harness.judge((await latest(input.email)) ?? '', code)).toMatchObject({ result: 'canceled' });
  });
});

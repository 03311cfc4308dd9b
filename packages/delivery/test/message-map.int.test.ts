import { randomUUID } from 'node:crypto';
import type { RedisConnection } from '@watchword/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createMessageMap, type MessageMap, type ReadReceipt } from '../src/index.ts';
import { connectedRedis } from './connected-redis.ts';

const ATTEMPT = `att_${'0'.repeat(26)}-1-1`;

let redis: RedisConnection;
let map: MessageMap;
let of: { account: string; messageId: string };

beforeAll(async () => {
  redis = await connectedRedis('message-map-test');
  map = createMessageMap({ redis });
});
afterAll(() => redis.disconnect());
beforeEach(() => {
  of = { account: `wati-${randomUUID()}~test`, messageId: randomUUID() };
});

const receipt = (status: ReadReceipt['status'], over: Partial<ReadReceipt> = {}) => {
  const health = status === 'delivered' ? ('healthy' as const) : ('neutral' as const);
  return { mode: 'test' as const, circuit: of.account, status, health, ...over, of };
};
const parked = (status: ReadReceipt['status'], over: Partial<ReadReceipt> = {}) => {
  const { of: _, ...rest } = receipt(status, over);
  return rest;
};
const keyNow = () => `ww:{w:${of.account}}:${of.messageId}`;

describe('the message map', () => {
  test('knows the attempt of a receipt that comes behind the message', async () => {
    expect(await map.bind(of, ATTEMPT)).toEqual([]);
    expect(await map.takeOrPark(receipt('sent'))).toBe(ATTEMPT);
    expect(await map.takeOrPark(receipt('delivered'))).toBe(ATTEMPT);
    expect(await map.bind(of, ATTEMPT)).toEqual([]);
  });

  test('keeps receipts that come before the message, and hands them over by rising status', async () => {
    expect(await map.takeOrPark(receipt('read'))).toBeNull();
    expect(await map.takeOrPark(receipt('undelivered', { providerCode: '131026' }))).toBeNull();
    expect(await map.takeOrPark(receipt('sent'))).toBeNull();
    expect(await map.bind(of, ATTEMPT)).toEqual([
      parked('sent'),
      parked('undelivered', { providerCode: '131026' }),
      parked('read'),
    ]);
    expect(await map.takeOrPark(receipt('read'))).toBe(ATTEMPT);
  });

  test('parks what is told twice once', async () => {
    for (let time = 0; time < 20; time += 1) await map.takeOrPark(receipt('delivered'));
    expect(await redis.hlen(keyNow())).toBe(1);
    expect(await map.bind(of, ATTEMPT)).toEqual([parked('delivered')]);
  });

  test('hands over again what a caller did not hear', async () => {
    await map.takeOrPark(receipt('delivered'));
    expect(await map.bind(of, ATTEMPT)).toHaveLength(1);
    expect(await map.bind(of, ATTEMPT)).toHaveLength(1);
  });

  test('loses none of two that race: it is parked and handed over, or its attempt is known', async () => {
    const lost: number[] = [];
    for (let round = 0; round < 50; round += 1) {
      of = { ...of, messageId: randomUUID() };
      const [taken, handed] = await Promise.all([map.takeOrPark(receipt('delivered')), map.bind(of, ATTEMPT)]);
      if ((taken === ATTEMPT) === (handed.length === 1)) lost.push(round);
    }
    expect(lost).toEqual([]);
  });

  test('lets no second message take over the first one’s receipts', async () => {
    await map.bind(of, ATTEMPT);
    await map.bind(of, ATTEMPT.replace('-1-1', '-2-1'));
    expect(await map.takeOrPark(receipt('read'))).toBe(ATTEMPT);
  });

  test('keeps accounts apart', async () => {
    await map.bind(of, ATTEMPT);
    const others = { ...of, account: `prv-${randomUUID()}` };
    expect(await map.takeOrPark({ ...receipt('read'), of: others })).toBeNull();
  });

  test('remembers a message for a day, and a receipt that nobody asks for for a quarter of an hour', async () => {
    await map.takeOrPark(receipt('sent'));
    const waits = await redis.pttl(keyNow());
    expect(waits).toBeGreaterThan(890_000);
    expect(waits).toBeLessThanOrEqual(900_000);
    await map.bind(of, ATTEMPT);
    expect(await redis.pttl(keyNow())).toBeGreaterThan(86_390_000);
  });

  describe('of an account that names messages without end', () => {
    const keysNow = async () => {
      const nodes = 'nodes' in redis ? redis.nodes('master') : [redis];
      return (await Promise.all(nodes.map((node) => node.keys(`ww:{w:${of.account}}:*`)))).flat();
    };
    const waiting = () => redis.zcard(`ww:{w:${of.account}}`);
    const message = (messageId: string) => ({ ...of, messageId });
    const narrow = () => createMessageMap({ redis, parkedMax: 10 });

    test('keeps the newest waiting, so many at most, and a message that we send meanwhile finds its receipt', async () => {
      for (let count = 0; count < 25; count += 1) {
        await narrow().takeOrPark({ ...receipt('sent'), of: message(`made-up-${99 - count}`) });
      }
      await narrow().takeOrPark({ ...receipt('delivered'), of: message('a-message-of-ours') });
      expect(await keysNow()).toHaveLength(10);
      expect(await waiting()).toBe(10);
      expect(await map.bind(message('made-up-84'), ATTEMPT)).toEqual([]);
      expect(await map.bind(message('a-message-of-ours'), ATTEMPT)).toEqual([parked('delivered')]);
    });

    test('counts no message that is bound, and forgets none', async () => {
      for (let count = 0; count < 25; count += 1) {
        await narrow().takeOrPark({ ...receipt('sent'), of: message(`ours-${count}`) });
        await map.bind(message(`ours-${count}`), ATTEMPT);
      }
      expect(await waiting()).toBe(0);
      expect(await keysNow()).toHaveLength(25);
      expect(await map.takeOrPark({ ...receipt('read'), of: message('ours-0') })).toBe(ATTEMPT);
    });

    test('makes room by those whose wait has ended first, and keeps no count when nothing waits', async () => {
      const hasty = createMessageMap({ redis, parkedMs: 50, parkedMax: 10 });
      for (let count = 0; count < 9; count += 1) {
        await hasty.takeOrPark({ ...receipt('sent'), of: message(`ended-${count}`) });
      }
      await expect.poll(keysNow).toEqual([]);
      for (let count = 0; count < 10; count += 1) {
        await narrow().takeOrPark({ ...receipt('sent'), of: message(`made-up-${count}`) });
      }
      expect(await keysNow()).toHaveLength(10);
      of = { ...of, account: `wati-${randomUUID()}` };
      await hasty.takeOrPark(receipt('sent'));
      await expect.poll(waiting).toBe(0);
    });

    test('takes no room of another account’s', async () => {
      for (let count = 0; count < 12; count += 1) {
        await narrow().takeOrPark({ ...receipt('sent'), of: message(`made-up-${count}`) });
      }
      const other = { account: `prv-${randomUUID()}`, messageId: 'theirs' };
      await narrow().takeOrPark({ ...receipt('sent'), of: other });
      expect(await waiting()).toBe(10);
      expect(await map.bind(other, ATTEMPT)).toHaveLength(1);
    });
  });

  test('has room for a thousand of an account, unless told otherwise', async () => {
    for (let count = 0; count < 1_010; count += 1) {
      await map.takeOrPark({ ...receipt('sent'), of: { ...of, messageId: `made-up-${count}` } });
    }
    expect(await redis.zcard(`ww:{w:${of.account}}`)).toBe(1_000);
  });

  test('does not prolong the wait of a receipt that is told again, and forgets in the end', async () => {
    const brief = createMessageMap({ redis, parkedMs: 60_000 });
    await brief.takeOrPark(receipt('sent'));
    await map.takeOrPark(receipt('delivered'));
    expect(await redis.pttl(keyNow())).toBeLessThanOrEqual(60_000);
    of = { ...of, messageId: randomUUID() };
    const hasty = createMessageMap({ redis, keepMs: 50, parkedMs: 50 });
    await hasty.takeOrPark(receipt('sent'));
    await expect.poll(() => redis.exists(keyNow())).toBe(0);
    await hasty.bind(of, ATTEMPT);
    await expect.poll(() => redis.exists(keyNow())).toBe(0);
    expect(await map.takeOrPark(receipt('delivered'))).toBeNull();
  });
});

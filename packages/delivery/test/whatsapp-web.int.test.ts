import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createSessions, createSocketLease, healthOf } from '../src/index.ts';
import type { OpenSocket } from '../src/providers/baileys/socket.ts';
import { CODE, TEXT, TO } from './provider-contract.ts';
import { message, scene, sealer, send, start, useWhatsAppWeb, whatsApp } from './whatsapp-web.fixture.ts';

useWhatsAppWeb();

describe('a line to WhatsApp Web', () => {
  test('sends the text once it is open, and turns WhatsApp’s acks into the attempt’s receipts', async () => {
    const wa = whatsApp();
    const { provider, receipts } = start(wa);
    const result = await send(provider);
    expect(result).toEqual({ outcome: 'accepted', providerMessageId: expect.stringMatching(/^3EB0[0-9A-F]{18}$/) });
    const id = result.outcome === 'accepted' ? result.providerMessageId : '';
    expect(wa.last().sent).toEqual([[TO.slice(1), TEXT, id]]);
    for (const ack of [1, 2, 3, 4, 5, 0, 77]) wa.last().events.onAck(id, ack);
    wa.last().events.onAck('3EB0FF', 3);
    expect(receipts.map(({ status }) => status)).toEqual(['sent', 'delivered', 'read', 'read', 'undelivered']);
    expect(receipts[1]).toEqual({
      of: { attemptId: 'att_1' },
      mode: 'live',
      circuit: scene.reference.slice('default.'.length),
      status: 'delivered',
      health: 'healthy',
    });
  });

  test('hears of an opening that comes before the socket is there', async () => {
    const wa = whatsApp();
    wa.onOpening(() => undefined);
    const openSocket: OpenSocket = (session, events) => {
      events.onOpen();
      return wa.openSocket(session, events);
    };
    const { provider } = start({ ...wa, openSocket });
    expect(await send(provider)).toMatchObject({ outcome: 'accepted' });
  });

  test('keeps one connection for all that is sent', async () => {
    const wa = whatsApp();
    const { provider } = start(wa);
    await Promise.all(Array.from({ length: 5 }, () => send(provider)));
    await send(provider);
    expect(wa.opened).toHaveLength(1);
    expect(wa.last().sent).toHaveLength(6);
  });

  test('asks first whether the number has WhatsApp', async () => {
    const wa = whatsApp();
    const { provider } = start(wa);
    wa.knows(async () => false);
    expect(await send(provider)).toMatchObject({ class: 'destination', providerCode: 'not_on_whatsapp' });
    wa.knows(async () => {
      throw new Error(`No answer about ${TO}`);
    });
    expect(await send(provider)).toEqual({ outcome: 'transient', providerCode: 'socket_error' });
    expect(wa.last().sent).toEqual([]);
  });

  test('does not know what became of a message that failed while it was written, or took too long', async () => {
    const wa = whatsApp();
    const { provider } = start(wa);
    wa.takes(async () => {
      throw new Error(`Connection closed while sending ${CODE}`);
    });
    expect(await send(provider)).toEqual({ outcome: 'unknown', providerCode: 'socket_error' });
    const hasty = new AbortController();
    wa.takes(() => {
      hasty.abort();
      return new Promise(() => undefined);
    });
    expect(await provider.send({ ...message(), signal: hasty.signal })).toEqual({
      outcome: 'unknown',
      providerCode: 'timeout',
    });
  });

  test('gives up waiting for a connection with nothing sent', async () => {
    const wa = whatsApp();
    const { provider } = start(wa);
    wa.onOpening(() => undefined);
    expect(await send(provider, 100)).toMatchObject({ outcome: 'transient' });
    expect(await provider.send({ ...message(), signal: AbortSignal.abort() })).toEqual({
      outcome: 'transient',
      providerCode: 'timeout',
    });
  });
});

describe('a connection that ends', () => {
  test.each([408, 428, 500, 503, 515, 599])('with %i is made again', async (code) => {
    const wa = whatsApp();
    const { provider } = start(wa);
    await send(provider);
    wa.last().events.onClose(code);
    await expect.poll(() => wa.opened.length).toBe(2);
    expect(await send(provider)).toMatchObject({ outcome: 'accepted' });
    expect(wa.live()).toBe(1);
  });

  test.each([401, 403, 411, 440])('with %i is not: it is for a person to mend', async (code) => {
    const wa = whatsApp();
    const { provider } = start(wa);
    await send(provider);
    wa.last().events.onClose(code);
    for (let time = 0; time < 3; time += 1) {
      expect(await send(provider)).toEqual({
        outcome: 'rejected',
        class: 'configuration',
        providerCode: String(code),
      });
    }
    expect(wa.opened).toHaveLength(1);
  });

  test('says so while it is away, and tells nothing of a connection that has been replaced', async () => {
    const wa = whatsApp();
    const { web, provider } = start(wa);
    await send(provider);
    const first = wa.last();
    wa.onOpening((events) => events.onClose(503));
    first.events.onClose(428);
    await expect.poll(() => wa.opened.length).toBeGreaterThan(2);
    const result = await send(provider);
    expect(result).toMatchObject({ outcome: 'transient' });
    first.events.onClose(401);
    first.events.onQr('2@stale');
    wa.onOpening((events) => events.onOpen());
    await expect.poll(async () => (await send(provider)).outcome).toBe('accepted');
    expect(await web.connect(scene.reference)).toBe(true);
  });

  test('by a log-out forgets the session, so that the next one pairs anew; by a ban it stays', async () => {
    const wa = whatsApp();
    const { web, provider } = start(wa);
    await send(provider);
    await wa.last().session.write({ creds: '{"registered":true}' });
    wa.last().events.onClose(403);
    expect(await wa.last().session.read(['creds'])).toEqual({ creds: '{"registered":true}' });
    await web.connect(scene.reference);
    await expect.poll(() => wa.opened.length).toBe(2);
    wa.last().events.onClose(401);
    await expect.poll(() => wa.last().session.read(['creds'])).toEqual({});
  });
});

describe('one socket among all workers', () => {
  test('belongs to the worker that asked first; the others say that it is elsewhere', async () => {
    const wa = whatsApp();
    const workers = Array.from({ length: 5 }, () => start(wa));
    const results = await Promise.all(workers.map(({ provider }) => send(provider)));
    expect(results.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
    expect(
      results.filter((result) => 'providerCode' in result && result.providerCode === 'owned_elsewhere'),
    ).toHaveLength(4);
    expect(wa.opened).toHaveLength(1);
    // That another worker has the line is no fault of WhatsApp's.
    expect(results.map(healthOf).toSorted()).toEqual(['healthy', ...Array.from({ length: 4 }, () => 'neutral')]);
  });

  test('is held as long as its worker lives, and goes to another at once when that ends', async () => {
    const wa = whatsApp();
    const [first, second] = [start(wa), start(wa)];
    await send(first.provider);
    // At a third of its length each: twice as long as it lasts unless it is prolonged.
    await expect.poll(first.takes, { timeout: 10_000 }).toBeGreaterThan(6);
    expect(await send(second.provider)).toMatchObject({ providerCode: 'owned_elsewhere', retryAfterMs: 5_000 });
    await first.web.close();
    expect(wa.live()).toBe(0);
    expect(await send(second.provider)).toMatchObject({ outcome: 'accepted' });
    expect(await send(first.provider)).toMatchObject({ providerCode: 'owned_elsewhere' });
  });

  test('is let go by a worker whose lease has gone to another', async () => {
    const wa = whatsApp();
    const { provider, states } = start(wa);
    await send(provider);
    await scene.redis.set(`ww:{w:${scene.reference}}:owner`, randomUUID());
    await expect.poll(() => wa.live(), { timeout: 5_000 }).toBe(0);
    expect(states.at(-1)).toBe('idle');
    expect(await send(provider)).toMatchObject({ providerCode: 'owned_elsewhere' });
  });

  test('frees itself when its worker has died', async () => {
    const dead = createSocketLease({ redis: scene.redis, leaseMs: 1_000 });
    expect(await dead.take(scene.reference)).toBe(true);
    const { provider } = start(whatsApp());
    expect(await send(provider)).toMatchObject({ providerCode: 'owned_elsewhere' });
    await expect.poll(async () => (await send(provider)).outcome, { timeout: 5_000 }).toBe('accepted');
    expect(await dead.take(scene.reference)).toBe(false);
    await dead.giveBack(scene.reference);
    expect(await send(provider)).toMatchObject({ outcome: 'accepted' });
  });
});

describe('a session', () => {
  test('is sealed, each part for its own place and account', async () => {
    const sessionOf = createSessions({ redis: scene.redis, sealer });
    const session = sessionOf(scene.reference);
    await session.write({ creds: 'secret-creds', 'session:1': 'secret-one', 'session:2': 'secret-two' });
    expect(await session.read(['creds', 'session:2', 'session:9'])).toEqual({
      creds: 'secret-creds',
      'session:2': 'secret-two',
    });
    const stored = await scene.redis.hgetall(`ww:{w:${scene.reference}}:session`);
    expect(JSON.stringify(stored)).not.toContain('secret');
    await scene.redis.hset(`ww:{w:${scene.reference}}:session`, 'creds', stored['session:1'] ?? '');
    await expect(session.read(['creds'])).rejects.toThrow();
    await session.write({ 'session:2': null });
    expect(await session.read(['session:2'])).toEqual({});
    expect(await session.read([])).toEqual({});
    expect(await sessionOf(`${scene.reference}x`).read(['session:1'])).toEqual({});
    await session.clear();
    expect(await scene.redis.exists(`ww:{w:${scene.reference}}:session`)).toBe(0);
  });

  test('keeps what was written last, whatever goes with the write before', async () => {
    const session = createSessions({ redis: scene.redis, sealer })(scene.reference);
    await session.write({ 'pre-key:1': 'spent' });
    await Promise.all([
      session.write({ 'pre-key:1': null, 'session:1': 'older' }),
      session.write({ 'session:1': 'newer' }),
    ]);
    expect(await session.read(['pre-key:1', 'session:1'])).toEqual({ 'session:1': 'newer' });
  });

  test('that cannot be read stops the line, and says no more than that', async () => {
    const wa = whatsApp();
    const { provider } = start({
      ...wa,
      openSocket: async () => {
        throw new Error('creds: 5ecret');
      },
    });
    expect(await send(provider)).toEqual({
      outcome: 'rejected',
      class: 'configuration',
      providerCode: 'session_unusable',
    });
  });
});

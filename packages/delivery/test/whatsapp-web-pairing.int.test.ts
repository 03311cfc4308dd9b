import { describe, expect, test } from 'vitest';
import { createPairings, createSocketLease } from '../src/index.ts';
import type { SocketEvents } from '../src/providers/baileys/socket.ts';
import { scene, send, start, useWhatsAppWeb, whatsApp } from './whatsapp-web.fixture.ts';

useWhatsAppWeb();

describe('pairing', () => {
  test('shows each QR code to who pairs, and sends nothing until one was scanned', async () => {
    const wa = whatsApp();
    const { web, provider, qrs, states } = start(wa);
    wa.onOpening((events) => events.onQr('2@first'));
    expect(await web.connect(scene.reference)).toBe(true);
    expect(await send(provider)).toMatchObject({ class: 'configuration', providerCode: 'not_paired' });
    wa.last().events.onQr('2@second');
    wa.onOpening((events) => events.onOpen());
    // WhatsApp ends the connection behind a pairing, and wants another.
    wa.last().events.onClose(515);
    expect(await send(provider)).toMatchObject({ outcome: 'accepted' });
    expect(qrs).toEqual(['2@first', '2@second', null]);
    expect(wa.opened).toHaveLength(2);
    expect(states).toEqual(['connecting', 'pairing', 'connecting', 'open']);
  });

  test('ends when nobody has scanned, and begins anew when it is asked for', async () => {
    const wa = whatsApp();
    const { web, qrs, states } = start(wa);
    wa.onOpening((events) => events.onQr('2@first'));
    await web.connect(scene.reference);
    await expect.poll(() => qrs).toHaveLength(1);
    wa.last().events.onClose(408);
    expect(qrs).toEqual(['2@first', null]);
    expect(states.at(-1)).toBe('idle');
    await web.connect(scene.reference);
    await expect.poll(() => qrs).toEqual(['2@first', null, '2@first']);
  });
});

describe('who pairs', () => {
  test('asks for a connection at any process, for two minutes, until a worker has taken it', async () => {
    const pairings = createPairings(scene.redis);
    const now = 1_800_000_000_000;
    await pairings.ask(scene.reference, now);
    await pairings.ask(`${scene.reference}x`, now + 1);
    expect(await pairings.asked(now + 119_999)).toEqual(
      expect.arrayContaining([scene.reference, `${scene.reference}x`]),
    );
    await pairings.taken(`${scene.reference}x`);
    expect(await pairings.asked(now)).toEqual([scene.reference]);
    expect(await pairings.asked(now + 120_000)).toEqual([]);
  });

  test('sees the code that is shown now, and none that is a minute old', async () => {
    const pairings = createPairings(scene.redis);
    expect(await pairings.read(scene.reference, 0)).toEqual({ state: 'unpaired' });
    await pairings.show(scene.reference, '2@first');
    await pairings.show(scene.reference, '2@second');
    const { state, qr } = await pairings.read(scene.reference, 0);
    expect([state, qr?.text]).toEqual(['pairing', '2@second']);
    expect(qr?.endsAt).toBeGreaterThan(50_000);
    expect(qr?.endsAt).toBeLessThanOrEqual(60_000);
    await pairings.show(scene.reference, null);
    expect(await pairings.read(scene.reference, 0)).toEqual({ state: 'unpaired' });
  });

  test('sees where it stands: asked for, refused by WhatsApp, logged out', async () => {
    const wa = whatsApp();
    const { pairings, attend, state, web } = start(wa);
    wa.onOpening(() => undefined);
    await pairings.ask(scene.reference, Date.now());
    expect(await state()).toBe('connecting');
    await attend();
    expect(await pairings.asked(Date.now())).not.toContain(scene.reference);
    await expect.poll(state).toBe('connecting');
    wa.last().events.onOpen();
    await expect.poll(state).toBe('paired');
    wa.last().events.onClose(440);
    await expect.poll(() => pairings.read(scene.reference, 0)).toEqual({ state: 'stopped', reason: '440' });
    wa.onOpening((events) => events.onOpen());
    await web.connect(scene.reference);
    await expect.poll(state).toBe('paired');
    wa.last().events.onClose(401);
    await expect.poll(() => pairings.read(scene.reference, 0)).toEqual({ state: 'unpaired', reason: '401' });
  });

  test('sees nothing under way of a worker that has died', async () => {
    const pairings = createPairings(scene.redis);
    const lease = createSocketLease({ redis: scene.redis, leaseMs: 60_000 });
    await pairings.tell(scene.reference, 'connecting');
    expect(await pairings.read(scene.reference, 0)).toEqual({ state: 'unpaired' });
    await lease.take(scene.reference);
    expect(await pairings.read(scene.reference, 0)).toEqual({ state: 'connecting' });
    await lease.giveBack(scene.reference);
  });
});

describe('an account that is to be forgotten', () => {
  const kept = () =>
    scene.redis.exists(...['session', 'line', 'qr', 'owner'].map((part) => `ww:{w:${scene.reference}}:${part}`));

  test.each<[string, (events: SocketEvents) => Promise<void>]>([
    ['WhatsApp confirms', async (events) => events.onClose(401)],
    ['WhatsApp refuses', () => Promise.reject(new Error('Connection Closed'))],
    ['nobody answers', () => new Promise(() => undefined)],
  ])('logs out, and keeps nothing, when %s', async (_, logOut) => {
    const wa = whatsApp();
    const { pairings, attend, state, states, provider } = start(wa);
    let loggedOut = 0;
    wa.logsOut((events) => {
      loggedOut += 1;
      return logOut(events);
    });
    await send(provider);
    const old = wa.last();
    await old.session.write({ creds: 'secret-creds' });
    await pairings.end(scene.reference, Date.now());
    expect(await scene.redis.exists(`ww:{w:${scene.reference}}:session`)).toBe(0);
    await old.session.write({ creds: 'secret-creds' });
    await attend();
    await old.session.write({ 'session:1': 'late' });
    expect([loggedOut, wa.live(), await kept(), await state()]).toEqual([1, 0, 0, 'unpaired']);
    expect(states).toEqual(['connecting', 'open', 'waiting', 'idle']);
    expect(await pairings.ended(Date.now())).not.toContain(scene.reference);
    // Another phone may be paired at once.
    await pairings.ask(scene.reference, Date.now());
    await attend();
    await wa.last().session.write({ creds: 'secret-new' });
    expect(await wa.last().session.read(['creds'])).toEqual({ creds: 'secret-new' });
    await expect.poll(state).toBe('paired');
  });

  test('is left to the worker that has its line', async () => {
    const wa = whatsApp();
    const [owner, other] = [start(wa), start(wa)];
    await send(owner.provider);
    await owner.pairings.end(scene.reference, Date.now());
    await other.attend();
    expect([wa.live(), await other.pairings.ended(Date.now())]).toEqual([1, expect.arrayContaining([scene.reference])]);
    await owner.attend();
    expect(wa.live()).toBe(0);
  });
});

import { randomBytes, randomUUID } from 'node:crypto';
import { connectRedis, createLogger, type RedisConnection, Secret } from '@watchword/platform';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import {
  attendPairings,
  createPairings,
  createSessions,
  createSocketLease,
  createWhatsAppWeb,
  healthOf,
  kindOf,
  type ProviderAdapter,
  type ReadReceipt,
  type WhatsAppWeb,
} from '../src/index.ts';
import type { OpenSocket, Session, SocketEvents } from '../src/providers/baileys/socket.ts';
import { message as anyMessage, CODE, TEXT, TO } from './provider-contract.ts';

const LEASE_MS = 1_200;

let redis: RedisConnection;
let reference: string;
const running: WhatsAppWeb[] = [];

beforeAll(async () => {
  redis = await connectRedis({
    url: new Secret(inject('redisUrl')),
    name: 'whatsapp-web-test',
    profile: 'worker',
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
});
afterAll(() => redis.disconnect());
beforeEach(() => {
  reference = `default.prv_${randomBytes(13).toString('hex')}`;
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((web) => web.close()));
});

/** Hex behind the id: enough to see that what is stored is what a sealer made, for its own place. */
const sealer = {
  seal: (text: string, id: string) => Buffer.from(`${id}\n${Buffer.from(text).toString('hex')}`),
  unseal(sealed: Buffer, id: string) {
    const [of, hex = ''] = sealed.toString().split('\n');
    if (of !== id) throw new Error('Sealed for another');
    return Buffer.from(hex, 'hex').toString();
  },
};

/** What WhatsApp's side of a connection does, and what came of it. */
function whatsApp() {
  const opened: { session: Session; events: SocketEvents; isEnded: boolean; sent: string[][] }[] = [];
  let isKnown: () => Promise<boolean> = async () => true;
  let take: () => Promise<void> = async () => {};
  let logOut: (events: SocketEvents) => Promise<void> = async (events) => events.onClose(401);
  let atOpening: (events: SocketEvents) => void = (events) => events.onOpen();
  const openSocket: OpenSocket = async (session, events) => {
    const one = { session, events, isEnded: false, sent: [] as string[][] };
    opened.push(one);
    setImmediate(() => atOpening(events));
    return {
      knows: () => isKnown(),
      async sendText(...message) {
        one.sent.push(message);
        await take();
      },
      logOut: () => logOut(one.events),
      end: () => {
        one.isEnded = true;
      },
    };
  };
  return {
    opened,
    openSocket,
    last: () => {
      const one = opened.at(-1);
      if (one === undefined) throw new Error('Nothing was opened');
      return one;
    },
    live: () => opened.filter(({ isEnded }) => !isEnded).length,
    onOpening: (next: typeof atOpening) => {
      atOpening = next;
    },
    knows: (next: typeof isKnown) => {
      isKnown = next;
    },
    logsOut: (next: typeof logOut) => {
      logOut = next;
    },
    takes: (next: typeof take) => {
      take = next;
    },
  };
}

function start(wa: ReturnType<typeof whatsApp>) {
  const qrs: (string | null)[] = [];
  const receipts: ReadReceipt[] = [];
  const states: string[] = [];
  const pairings = createPairings(redis);
  let takes = 0;
  const lease = createSocketLease({ redis, leaseMs: LEASE_MS });
  const web = createWhatsAppWeb({
    lease: { ...lease, take: (of) => ((takes += 1), lease.take(of)) },
    sessionOf: createSessions({ redis, sealer }),
    openSocket: wa.openSocket,
    pauseMs: 10,
    onQr: (of, qr) => {
      if (of === reference) qrs.push(qr);
      void pairings.show(of, qr);
    },
    onReceipt: (receipt) => receipts.push(receipt),
    onState: (of, state, reason) => {
      states.push(state);
      void pairings.tell(of, state, reason);
    },
  });
  running.push(web);
  const surroundings = {
    sandboxUrl: 'http://127.0.0.1:1',
    sandboxSmtpUrl: 'smtp://127.0.0.1:1',
    receiptsUrl: undefined,
    timeoutMs: 1_000,
    baseUrl: undefined,
    reference,
    whatsAppWeb: web,
  };
  const provider = kindOf('baileys').createProvider({ mode: 'live', settings: {}, credentials: {} }, surroundings);
  const attend = () => attendPairings(pairings, web, Date.now());
  const state = async () => (await pairings.read(reference, Date.now())).state;
  return { web, provider, qrs, receipts, states, pairings, attend, state, takes: () => takes };
}

const message = (timeoutMs = 2_000) =>
  anyMessage({ channel: 'whatsapp', attemptId: 'att_1', signal: AbortSignal.timeout(timeoutMs) });
const send = (provider: ProviderAdapter, timeoutMs?: number) => provider.send(message(timeoutMs));

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
      circuit: reference.slice('default.'.length),
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

describe('pairing', () => {
  test('shows each QR code to who pairs, and sends nothing until one was scanned', async () => {
    const wa = whatsApp();
    const { web, provider, qrs, states } = start(wa);
    wa.onOpening((events) => events.onQr('2@first'));
    expect(await web.connect(reference)).toBe(true);
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
    await web.connect(reference);
    await expect.poll(() => qrs).toHaveLength(1);
    wa.last().events.onClose(408);
    expect(qrs).toEqual(['2@first', null]);
    expect(states.at(-1)).toBe('idle');
    await web.connect(reference);
    await expect.poll(() => qrs).toEqual(['2@first', null, '2@first']);
  });
});

describe('who pairs', () => {
  test('asks for a connection at any process, for two minutes, until a worker has taken it', async () => {
    const pairings = createPairings(redis);
    const now = 1_800_000_000_000;
    await pairings.ask(reference, now);
    await pairings.ask(`${reference}x`, now + 1);
    expect(await pairings.asked(now + 119_999)).toEqual(expect.arrayContaining([reference, `${reference}x`]));
    await pairings.taken(`${reference}x`);
    expect(await pairings.asked(now)).toEqual([reference]);
    expect(await pairings.asked(now + 120_000)).toEqual([]);
  });

  test('sees the code that is shown now, and none that is a minute old', async () => {
    const pairings = createPairings(redis);
    expect(await pairings.read(reference, 0)).toEqual({ state: 'unpaired' });
    await pairings.show(reference, '2@first');
    await pairings.show(reference, '2@second');
    const { state, qr } = await pairings.read(reference, 0);
    expect([state, qr?.text]).toEqual(['pairing', '2@second']);
    expect(qr?.endsAt).toBeGreaterThan(50_000);
    expect(qr?.endsAt).toBeLessThanOrEqual(60_000);
    await pairings.show(reference, null);
    expect(await pairings.read(reference, 0)).toEqual({ state: 'unpaired' });
  });

  test('sees where it stands: asked for, refused by WhatsApp, logged out', async () => {
    const wa = whatsApp();
    const { pairings, attend, state, web } = start(wa);
    wa.onOpening(() => undefined);
    await pairings.ask(reference, Date.now());
    expect(await state()).toBe('connecting');
    await attend();
    expect(await pairings.asked(Date.now())).not.toContain(reference);
    await expect.poll(state).toBe('connecting');
    wa.last().events.onOpen();
    await expect.poll(state).toBe('paired');
    wa.last().events.onClose(440);
    await expect.poll(() => pairings.read(reference, 0)).toEqual({ state: 'stopped', reason: '440' });
    wa.onOpening((events) => events.onOpen());
    await web.connect(reference);
    await expect.poll(state).toBe('paired');
    wa.last().events.onClose(401);
    await expect.poll(() => pairings.read(reference, 0)).toEqual({ state: 'unpaired', reason: '401' });
  });

  test('sees nothing under way of a worker that has died', async () => {
    const pairings = createPairings(redis);
    const lease = createSocketLease({ redis, leaseMs: 60_000 });
    await pairings.tell(reference, 'connecting');
    expect(await pairings.read(reference, 0)).toEqual({ state: 'unpaired' });
    await lease.take(reference);
    expect(await pairings.read(reference, 0)).toEqual({ state: 'connecting' });
    await lease.giveBack(reference);
  });
});

describe('an account that is to be forgotten', () => {
  const kept = () => redis.exists(...['session', 'line', 'qr', 'owner'].map((part) => `ww:{w:${reference}}:${part}`));

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
    await pairings.end(reference, Date.now());
    expect(await redis.exists(`ww:{w:${reference}}:session`)).toBe(0);
    await old.session.write({ creds: 'secret-creds' });
    await attend();
    await old.session.write({ 'session:1': 'late' });
    expect([loggedOut, wa.live(), await kept(), await state()]).toEqual([1, 0, 0, 'unpaired']);
    expect(states).toEqual(['connecting', 'open', 'waiting', 'idle']);
    expect(await pairings.ended(Date.now())).not.toContain(reference);
    // Another phone may be paired at once.
    await pairings.ask(reference, Date.now());
    await attend();
    await wa.last().session.write({ creds: 'secret-new' });
    expect(await wa.last().session.read(['creds'])).toEqual({ creds: 'secret-new' });
    await expect.poll(state).toBe('paired');
  });

  test('is left to the worker that has its line', async () => {
    const wa = whatsApp();
    const [owner, other] = [start(wa), start(wa)];
    await send(owner.provider);
    await owner.pairings.end(reference, Date.now());
    await other.attend();
    expect([wa.live(), await other.pairings.ended(Date.now())]).toEqual([1, expect.arrayContaining([reference])]);
    await owner.attend();
    expect(wa.live()).toBe(0);
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
    expect(await web.connect(reference)).toBe(true);
  });

  test('by a log-out forgets the session, so that the next one pairs anew; by a ban it stays', async () => {
    const wa = whatsApp();
    const { web, provider } = start(wa);
    await send(provider);
    await wa.last().session.write({ creds: '{"registered":true}' });
    wa.last().events.onClose(403);
    expect(await wa.last().session.read(['creds'])).toEqual({ creds: '{"registered":true}' });
    await web.connect(reference);
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
    await redis.set(`ww:{w:${reference}}:owner`, randomUUID());
    await expect.poll(() => wa.live(), { timeout: 5_000 }).toBe(0);
    expect(states.at(-1)).toBe('idle');
    expect(await send(provider)).toMatchObject({ providerCode: 'owned_elsewhere' });
  });

  test('frees itself when its worker has died', async () => {
    const dead = createSocketLease({ redis, leaseMs: 1_000 });
    expect(await dead.take(reference)).toBe(true);
    const { provider } = start(whatsApp());
    expect(await send(provider)).toMatchObject({ providerCode: 'owned_elsewhere' });
    await expect.poll(async () => (await send(provider)).outcome, { timeout: 5_000 }).toBe('accepted');
    expect(await dead.take(reference)).toBe(false);
    await dead.giveBack(reference);
    expect(await send(provider)).toMatchObject({ outcome: 'accepted' });
  });
});

describe('a session', () => {
  test('is sealed, each part for its own place and account', async () => {
    const sessionOf = createSessions({ redis, sealer });
    const session = sessionOf(reference);
    await session.write({ creds: 'secret-creds', 'session:1': 'secret-one', 'session:2': 'secret-two' });
    expect(await session.read(['creds', 'session:2', 'session:9'])).toEqual({
      creds: 'secret-creds',
      'session:2': 'secret-two',
    });
    const stored = await redis.hgetall(`ww:{w:${reference}}:session`);
    expect(JSON.stringify(stored)).not.toContain('secret');
    await redis.hset(`ww:{w:${reference}}:session`, 'creds', stored['session:1'] ?? '');
    await expect(session.read(['creds'])).rejects.toThrow();
    await session.write({ 'session:2': null });
    expect(await session.read(['session:2'])).toEqual({});
    expect(await session.read([])).toEqual({});
    expect(await sessionOf(`${reference}x`).read(['session:1'])).toEqual({});
    await session.clear();
    expect(await redis.exists(`ww:{w:${reference}}:session`)).toBe(0);
  });

  test('keeps what was written last, whatever goes with the write before', async () => {
    const session = createSessions({ redis, sealer })(reference);
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

import { randomBytes } from 'node:crypto';
import type { RedisConnection } from '@watchword/platform';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import {
  attendPairings,
  createPairings,
  createSessions,
  createSocketLease,
  createWhatsAppWeb,
  kindOf,
  type ProviderAdapter,
  type ReadReceipt,
  type WhatsAppWeb,
} from '../src/index.ts';
import type { OpenSocket, Session, SocketEvents } from '../src/providers/baileys/socket.ts';
import { connectedRedis } from './connected-redis.ts';
import { message as anyMessage } from './provider-contract.ts';

export const LEASE_MS = 1_200;

/** Where a test is: its Redis, and the account that its lines are of. */
export const scene = {} as { redis: RedisConnection; reference: string };
const running: WhatsAppWeb[] = [];

/** A fresh account for each test, and an end of every line that it has started. */
export function useWhatsAppWeb(): void {
  beforeAll(async () => {
    scene.redis = await connectedRedis('whatsapp-web-test');
  });
  afterAll(() => scene.redis.disconnect());
  beforeEach(() => {
    scene.reference = `default.prv_${randomBytes(13).toString('hex')}`;
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((web) => web.close()));
  });
}

/** Hex behind the id: enough to see that what is stored is what a sealer made, for its own place. */
export const sealer = {
  seal: (text: string, id: string) => Buffer.from(`${id}\n${Buffer.from(text).toString('hex')}`),
  unseal(sealed: Buffer, id: string) {
    const [of, hex = ''] = sealed.toString().split('\n');
    if (of !== id) throw new Error('Sealed for another');
    return Buffer.from(hex, 'hex').toString();
  },
};

/** What WhatsApp's side of a connection does, and what came of it. */
export function whatsApp() {
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

export function start(wa: ReturnType<typeof whatsApp>) {
  const { redis, reference } = scene;
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

export const message = (timeoutMs = 2_000) =>
  anyMessage({ channel: 'whatsapp', attemptId: 'att_1', signal: AbortSignal.timeout(timeoutMs) });
export const send = (provider: ProviderAdapter, timeoutMs?: number) => provider.send(message(timeoutMs));

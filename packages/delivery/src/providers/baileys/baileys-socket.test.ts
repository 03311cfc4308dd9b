import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type Baileys, openBaileysSocket } from './baileys-socket.ts';
import type { Session } from './socket.ts';

/** What Baileys' module does with what it is given, without a connection. */
function fakeBaileys() {
  const ev = new EventEmitter();
  const sent: unknown[][] = [];
  let config: Record<string, unknown> = {};
  let ends = 0;
  const baileys: Baileys = {
    makeWASocket(given) {
      config = given as Record<string, unknown>;
      return {
        ev: ev as never,
        onWhatsApp: async (number) => (number === '14155550123' ? [{ exists: true }] : undefined),
        async sendMessage(...message) {
          sent.push(message);
        },
        async logout() {
          ev.emit('connection.update', {
            connection: 'close',
            lastDisconnect: { error: { output: { statusCode: 401 } } },
          });
        },
        end() {
          ends += 1;
          ev.emit('connection.update', { connection: 'close' });
        },
      };
    },
    initAuthCreds: () => ({ registered: false }),
    // As Baileys does it: bytes as base64.
    BufferJSON: {
      replacer: (_, value) =>
        value instanceof Uint8Array ? { type: 'Buffer', data: Buffer.from(value).toString('base64') } : value,
      reviver: (_, value) =>
        typeof value === 'object' && value !== null && 'data' in value
          ? Buffer.from(String(value.data), 'base64')
          : value,
    },
    proto: { Message: { AppStateSyncKeyData: { fromObject: (value) => ({ revived: value }) } } },
  };
  type Auth = {
    creds: Record<string, unknown>;
    keys: { get(type: string, ids: string[]): Promise<object>; set(values: object): Promise<void> };
  };
  return { baileys, ev, sent, ends: () => ends, config: () => config, auth: () => config.auth as Auth };
}

function memory(): Session & { readonly held: Map<string, string> } {
  const held = new Map<string, string>();
  return {
    held,
    read: async (names) =>
      Object.fromEntries(names.flatMap((name) => (held.has(name) ? [[name, held.get(name) ?? '']] : []))),
    async write(entries) {
      for (const [name, value] of Object.entries(entries)) {
        if (value === null) held.delete(name);
        else held.set(name, value);
      }
    },
    clear: async () => held.clear(),
  };
}

async function open(session = memory()) {
  const fake = fakeBaileys();
  const heard: unknown[][] = [];
  const hear =
    (name: string) =>
    (...what: unknown[]) => {
      heard.push([name, ...what]);
    };
  const events = { onQr: hear('qr'), onOpen: hear('open'), onClose: hear('close'), onAck: hear('ack') };
  const socket = await openBaileysSocket(fake.baileys, session, events);
  return { ...fake, socket, heard, session };
}

describe('a socket of Baileys', () => {
  test('tells of QR codes, of the connection and of acks, and of nothing else', async () => {
    const { ev, heard } = await open();
    ev.emit('connection.update', { connection: 'connecting' });
    ev.emit('connection.update', { qr: '2@first' });
    ev.emit('connection.update', { connection: 'open' });
    ev.emit('messages.update', [
      { key: { id: 'A' }, update: { status: 3 } },
      { key: { id: 'B' }, update: {} },
      { key: {}, update: { status: 2 } },
      { key: { id: 'C' }, update: { status: 0 } },
    ]);
    ev.emit('connection.update', {
      connection: 'close',
      lastDisconnect: { error: { output: { statusCode: 401 } } },
    });
    ev.emit('connection.update', { connection: 'close' });
    expect(heard).toEqual([
      ['qr', '2@first'],
      ['open'],
      ['ack', 'A', 3],
      ['ack', 'C', 0],
      ['close', 401],
      ['close', 408],
    ]);
  });

  test('asks for a number and sends a text to it under our id', async () => {
    const { socket, sent } = await open();
    expect(await socket.knows('14155550123')).toBe(true);
    expect(await socket.knows('14155550199')).toBe(false);
    await socket.sendText('14155550123', 'text', '3EB0AA');
    expect(sent).toEqual([['14155550123@s.whatsapp.net', { text: 'text' }, { messageId: '3EB0AA' }]]);
  });

  test('logs out, which ends it as a log-out on the phone does', async () => {
    const { socket, heard } = await open();
    await socket.logOut();
    expect(heard).toEqual([['close', 401]]);
  });

  test('is silent once it was ended', async () => {
    const { socket, ev, heard, ends } = await open();
    socket.end();
    ev.emit('connection.update', { connection: 'open' });
    expect(ends()).toBe(1);
    expect(heard).toEqual([]);
  });

  test('keeps its session: what was changed is there for the next one', async () => {
    const { auth, ev, session } = await open();
    auth().creds.noiseKey = Uint8Array.of(1, 2);
    ev.emit('creds.update', {});
    await auth().keys.set({
      session: { 'a.0': Uint8Array.of(3), 'b.0': Uint8Array.of(4) },
      'app-state-sync-key': { k: { x: 1 } },
    });
    await auth().keys.set({ session: { 'b.0': null } });
    const next = await open(session);
    expect(next.auth().creds).toEqual({ registered: false, noiseKey: Buffer.of(1, 2) });
    expect(await next.auth().keys.get('session', ['a.0', 'b.0'])).toEqual({ 'a.0': Buffer.of(3) });
    expect(await next.auth().keys.get('app-state-sync-key', ['k'])).toEqual({ k: { revived: { x: 1 } } });
  });

  test('writes no log: it would quote messages', async () => {
    const logger = (await open()).config().logger as { level: string; child(): unknown; info(text: string): unknown };
    expect(logger.level).toBe('silent');
    expect(logger.child()).toBe(logger);
    expect(logger.info('x')).toBeUndefined();
  });
});

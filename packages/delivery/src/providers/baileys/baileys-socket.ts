import { StartupError } from '@watchword/platform';
import type { OpenSocket, Session, SocketEvents, WhatsAppSocket } from './socket.ts';

/** As much of Baileys as is used. It is an optional peer, so its own types may not be there. Version 7.0.0-rc14. */
export interface Baileys {
  makeWASocket(config: object): BaileysSocket;
  initAuthCreds(): object;
  readonly BufferJSON: {
    replacer(key: string, value: unknown): unknown;
    reviver(key: string, value: unknown): unknown;
  };
  readonly proto: { readonly Message: { readonly AppStateSyncKeyData: { fromObject(value: object): object } } };
}

interface BaileysSocket {
  readonly ev: {
    on(event: string, listener: (update: never) => void): void;
    removeAllListeners(event: string): void;
  };
  onWhatsApp(...numbers: string[]): Promise<readonly { readonly exists: boolean }[] | undefined>;
  sendMessage(jid: string, content: { text: string }, options: { messageId: string }): Promise<unknown>;
  logout(): Promise<void>;
  end(error: undefined): void;
}

interface ConnectionUpdate {
  readonly connection?: 'open' | 'connecting' | 'close';
  readonly qr?: string;
  readonly lastDisconnect?: { readonly error?: { readonly output?: { readonly statusCode?: number } } };
}
type MessageUpdates = readonly { readonly key: { id?: string | null }; readonly update: { status?: number | null } }[];

const PACKAGE: string = 'baileys';
const EVENTS = ['connection.update', 'creds.update', 'messages.update'] as const;
const CONNECTION_LOST = 408;

const silence = () => undefined;
/** Its log would quote messages. */
const NO_LOGGER = {
  level: 'silent',
  child: () => NO_LOGGER,
  trace: silence,
  debug: silence,
  info: silence,
  warn: silence,
  error: silence,
};

/** Loads Baileys, which is there only when somebody has installed it. Throws a StartupError that says how. */
export async function loadBaileysSocket(): Promise<OpenSocket> {
  let baileys: Baileys;
  try {
    baileys = (await import(PACKAGE)) as Baileys;
  } catch (error) {
    throw new StartupError('WHATSAPP_WEB is on without its package: install it with `pnpm add baileys@7.0.0-rc14`.', {
      cause: error,
    });
  }
  return (session, events) => openBaileysSocket(baileys, session, events);
}

export async function openBaileysSocket(
  baileys: Baileys,
  session: Session,
  events: SocketEvents,
): Promise<WhatsAppSocket> {
  const creds = await readCreds(baileys, session);
  const socket = baileys.makeWASocket({
    auth: { creds, keys: keyStoreOf(baileys, session) },
    logger: NO_LOGGER,
    markOnlineOnConnect: false,
    syncFullHistory: false,
    shouldSyncHistoryMessage: () => false,
    generateHighQualityLinkPreview: false,
  });
  // Baileys has changed its object by then. The next save has all of it, should this one fail.
  socket.ev.on('creds.update', () => void session.write({ creds: toText(baileys, creds) }).catch(() => undefined));
  socket.ev.on('connection.update', ({ connection, qr, lastDisconnect }: ConnectionUpdate) => {
    if (qr !== undefined) events.onQr(qr);
    if (connection === 'open') events.onOpen();
    if (connection === 'close') events.onClose(lastDisconnect?.error?.output?.statusCode ?? CONNECTION_LOST);
  });
  socket.ev.on('messages.update', (updates: MessageUpdates) => {
    for (const { key, update } of updates) {
      if (key.id && typeof update.status === 'number') events.onAck(key.id, update.status);
    }
  });
  return {
    async knows(number) {
      const found = await socket.onWhatsApp(number);
      return found?.some(({ exists }) => exists) ?? false;
    },
    async sendText(number, text, messageId) {
      await socket.sendMessage(`${number}@s.whatsapp.net`, { text }, { messageId });
    },
    logOut: () => socket.logout(),
    end() {
      for (const event of EVENTS) socket.ev.removeAllListeners(event);
      socket.end(undefined);
    },
  };
}

const toText = ({ BufferJSON }: Baileys, value: unknown) => JSON.stringify(value, BufferJSON.replacer);
const ofText = ({ BufferJSON }: Baileys, text: string): unknown => JSON.parse(text, BufferJSON.reviver);

async function readCreds(baileys: Baileys, session: Session): Promise<object> {
  const { creds } = await session.read(['creds']);
  return creds === undefined ? baileys.initAuthCreds() : (ofText(baileys, creds) as object);
}

/** Baileys' `SignalKeyStore`: values by type and id, each on its own, since there are hundreds. */
function keyStoreOf(baileys: Baileys, session: Session) {
  const nameOf = (type: string, id: string) => `${type}:${id}`;
  return {
    async get(type: string, ids: readonly string[]): Promise<Record<string, unknown>> {
      const texts = await session.read(ids.map((id) => nameOf(type, id)));
      const known = ids.flatMap((id) => {
        const text = texts[nameOf(type, id)];
        if (text === undefined) return [];
        const value = ofText(baileys, text);
        return [[id, type === 'app-state-sync-key' ? appStateKeyOf(baileys, value) : value] as const];
      });
      return Object.fromEntries(known);
    },
    set(values: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Promise<void> {
      const entries = Object.entries(values).flatMap(([type, byId]) =>
        Object.entries(byId).map(([id, value]) => [nameOf(type, id), value ? toText(baileys, value) : null] as const),
      );
      return session.write(Object.fromEntries(entries));
    },
  };
}

const appStateKeyOf = ({ proto }: Baileys, value: unknown) =>
  proto.Message.AppStateSyncKeyData.fromObject(value as object);

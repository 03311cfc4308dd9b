import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export const STEPS = ['connect', 'sign_in', 'sender', 'recipient', 'message'] as const;
export type Step = (typeof STEPS)[number];

/** What the relay does instead of agreeing: a reply such as `550 5.1.1 Nobody here`, silence, a reset, or an orderly end. */
export type RelayFault = { readonly reply: string } | 'hang' | 'reset' | 'end';

export interface Relayed {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | undefined;
  readonly secure: boolean;
  /** The message as it came, header and body. */
  readonly source: string;
}

/** A mail relay whose faults each test sets. */
export interface Relay {
  readonly port: number;
  readonly received: Relayed[];
  /** Connections made so far. */
  connections(): number;
  /** From now on; undefined: it agrees to everything. */
  fail(step?: Step, fault?: RelayFault): void;
  close(): Promise<void>;
}

export const PASSWORD = 'c0ffee5ecret0c0ffee5ecret0c0ffee';

export async function startRelay(options: SMTPServerOptions = {}): Promise<Relay> {
  const sockets = new Set<Socket>();
  const received: Relayed[] = [];
  let connections = 0;
  let failing: { step: Step; fault: RelayFault } | undefined;

  /** Agrees, unless this step is to fail. */
  function answer(step: Step, agree: () => void, refuse: (error: Error) => void): void {
    if (failing?.step !== step) return agree();
    const { fault } = failing;
    if (fault === 'hang') return;
    if (fault === 'reset') return sockets.forEach((socket) => void socket.resetAndDestroy());
    if (fault === 'end') return sockets.forEach((socket) => void socket.end());
    refuse(Object.assign(new Error(fault.reply.slice(4)), { responseCode: Number(fault.reply.slice(0, 3)) }));
  }

  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    closeTimeout: 1,
    onConnect: (_, done) => answer('connect', () => done(), done),
    onAuth: ({ username, password }, _, done) => {
      if (password !== PASSWORD) return done(Object.assign(new Error('No'), { responseCode: 535 }));
      answer('sign_in', () => done(null, { user: username }), done);
    },
    onMailFrom: (_, __, done) => answer('sender', () => done(), done),
    onRcptTo: (_, __, done) => answer('recipient', () => done(), done),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          user: session.user,
          secure: session.secure,
          source: Buffer.concat(chunks).toString('utf8'),
        });
        answer('message', () => done(), done);
      });
    },
    ...options,
  });
  // What a client that went away leaves behind.
  server.on('error', () => undefined);
  server.server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    received,
    connections: () => connections,
    fail(step, fault = 'hang') {
      failing = step && { step, fault };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

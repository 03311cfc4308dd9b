import type { AddressInfo, Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { explainListenError, type Logger, urlOf } from '@watchword/platform';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { type Fault, type Faults, NO_FAULT } from '../domain/faults.ts';
import type { Inbox } from '../domain/inbox.ts';
import { delayCall, type OpenCalls } from '../http/open-calls.ts';
import { replyOf, SmtpRefusal, type Stage } from './replies.ts';
import { createTakeMail } from './take-mail.ts';

const MAIL_MAX_BYTES = 256 * 1024;
/** RFC 5321 section 4.5.3.1.8: at least so many. */
const RECIPIENTS_MAX = 100;
const CLIENTS_MAX = 500;
const CLOSE_MS = 1_000;

export interface RelayDeps {
  readonly logger: Logger;
  readonly inbox: Inbox;
  readonly faults: Faults;
  readonly calls: OpenCalls;
  readonly now: () => number;
}

export interface Relay {
  /** Resolves with `smtp://host:port`. Throws a StartupError when the port is in use. */
  listen(host: string, port: number): Promise<string>;
  /** Mails that are being taken are taken first. */
  close(): Promise<void>;
}

type Answer = (error?: Error | null) => void;

/**
 * A mail relay that takes mail for anybody from anybody, by any sign-in or none, in clear or after STARTTLS (with a certificate
 * whose key everybody knows). A fault counts for one mail transaction, or for one refused connection or sign-in.
 */
export function createRelay({ logger, inbox, faults, calls, now }: RelayDeps): Relay {
  const takeMail = createTakeMail({ inbox, now });
  const connections = createConnections();
  const transactions = new WeakMap<SMTPServerSession, Fault>();
  const underWay = new Set<Promise<void>>();
  const take = () => faults.take('smtp', 'email');

  /** Refuses when the fault is for this stage; else goes on. */
  function judge(fault: Fault, stages: readonly Stage[], answer: Answer): void {
    const reply = replyOf(fault);
    if (reply === undefined || !stages.includes(reply.stage)) return answer();
    void delayCall(calls, fault.delayMs).then(() => answer(new SmtpRefusal(reply.code, reply.text)));
  }

  async function answerMail(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string | undefined> {
    const source = await readWithinLimit(stream);
    const fault = transactions.get(session) ?? NO_FAULT;
    const { mode, delayMs } = fault;
    if (mode === 'hang') return undefined;
    if (stream.sizeExceeded) throw new SmtpRefusal(552, '5.3.4 Message too big');
    if (mode === 'lost_answer') await takeMail(source, session);
    await delayCall(calls, delayMs);
    if (mode === 'reset' || mode === 'lost_answer') {
      connections.reset(session);
      return undefined;
    }
    const reply = replyOf(fault);
    if (reply !== undefined) throw new SmtpRefusal(reply.code, reply.text);
    return `2.0.0 Ok: queued as ${await takeMail(source, session)}`;
  }

  const server = new SMTPServer({
    name: 'sandbox.invalid',
    banner: 'Watchword sandbox',
    // Its own certificate is known to everybody, which it would say at every start.
    logger: false,
    minVersion: 'TLSv1.2',
    authOptional: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    size: MAIL_MAX_BYTES,
    maxClients: CLIENTS_MAX,
    maxRecipients: RECIPIENTS_MAX,
    closeTimeout: 1,
    onConnect(_session, answer) {
      if (faults.current('smtp').mode === 'down') judge(take(), ['connect'], answer);
      else answer();
    },
    onAuth({ username }, _session, answer) {
      const signIn: Answer = (error) => (error ? answer(error) : answer(null, { user: username ?? 'anyone' }));
      if (faults.current('smtp').mode === 'auth') judge(take(), ['auth'], signIn);
      else signIn();
    },
    onMailFrom(_address, session, answer) {
      const fault = take();
      transactions.set(session, fault);
      // Of a connection that was open, or signed in, before the fault began.
      judge(fault, ['connect', 'auth', 'sender'], answer);
    },
    onRcptTo(_address, session, answer) {
      judge(transactions.get(session) ?? NO_FAULT, ['recipient'], answer);
    },
    onData(stream, session, answer) {
      const answered = answerMail(stream, session).then(
        (words) => {
          if (words === undefined) connections.leaveOpen(session, calls);
          else answer(null, words);
        },
        (error: unknown) => {
          if (!(error instanceof SmtpRefusal)) logger.warn({ err: error }, 'mail not taken');
          answer(error instanceof SmtpRefusal ? error : new SmtpRefusal(451, '4.3.0 Mail could not be read'));
        },
      );
      underWay.add(answered);
      void answered.finally(() => underWay.delete(answered));
    },
  });
  server.server.on('connection', connections.add);
  // Of a caller that left, or that speaks no TLS: nothing to do with anybody else.
  server.on('error', (error: Error) => logger.debug({ err: error }, 'mail connection ended'));

  return {
    async listen(host, port) {
      await new Promise<void>((resolve, reject) => {
        const refuse = (error: Error) => reject(explainListenError(error, port, 'SANDBOX_SMTP_PORT'));
        server.server.once('error', refuse);
        server.listen(port, host, () => {
          server.server.off('error', refuse);
          resolve();
        });
      });
      return urlOf(host, (server.server.address() as AddressInfo).port).replace(/^http/, 'smtp');
    },
    async close() {
      server.server.close();
      // A caller who stalls in the middle of a mail is not waited for.
      await Promise.race([Promise.all(underWay), setTimeout(CLOSE_MS, undefined, { ref: false })]);
      await new Promise<void>((resolve) => server.close(resolve));
      connections.endAll();
    },
  };
}

/** All of a mail; of one that is too big no more than fits, but it is read to its end, where its sender hears so. */
async function readWithinLimit(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) if (!stream.sizeExceeded) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The sockets below the sessions, which TLS does not hide: only they can be cut. */
function createConnections() {
  const sockets = new Map<string, Socket>();
  const keyOf = (address: string | undefined, port: number | undefined) =>
    `${(address ?? '').replace(/^::ffff:/, '')} ${port}`;
  const of = ({ remoteAddress, remotePort }: SMTPServerSession) => sockets.get(keyOf(remoteAddress, remotePort));
  return {
    add(socket: Socket) {
      const key = keyOf(socket.remoteAddress, socket.remotePort);
      sockets.set(key, socket);
      socket.once('close', () => sockets.delete(key));
    },
    reset: (session: SMTPServerSession) => of(session)?.resetAndDestroy(),
    /** Until the caller gives up or the sandbox closes. */
    leaveOpen(session: SMTPServerSession, calls: OpenCalls) {
      const socket = of(session);
      const remove = calls.add(() => socket?.destroy());
      socket?.once('close', remove);
    },
    endAll() {
      for (const socket of sockets.values()) socket.destroy();
    },
  };
}

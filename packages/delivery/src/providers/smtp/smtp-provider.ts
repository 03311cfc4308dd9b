import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import type { AttemptResult, OutgoingMessage, ProviderAdapter } from '../provider.ts';
import type { SmtpConfig } from './config.ts';
import { judgeFailure } from './judge-failure.ts';
import { connectToRelay } from './relay-socket.ts';

/** At once at one relay; further messages of this process wait for one of them. */
const CONNECTIONS_MAX = 10;
const MESSAGES_PER_CONNECTION = 100;
/** Shorter than relays are patient: one that closes a connection does so to a message's face. */
const IDLE_MS = 15_000;

/** Just one mailbox: nothing that begins another command, address or header. */
const MAILBOX = /^[^\s<>@,;:"\\()[\]\p{Cc}]{1,64}@[^\s<>@,;:"\\()[\]\p{Cc}]{1,253}$/u;

/** E-mail through a relay, by nodemailer. A relay tells nothing later: its word on the message is the last. */
export function createSmtpProvider(config: SmtpConfig): ProviderAdapter {
  const { mode, from } = config;
  // Loaded by those that send: 60 ms.
  const { createTransport } = createRequire(import.meta.url)('nodemailer') as typeof import('nodemailer');
  const transport = createTransport({ ...connectionOf(config), disableFileAccess: true, disableUrlAccess: true });
  transport.getSocket = (_, callback) => connectToRelay(config, callback);
  /** By Message-ID, what the relay reads of the messages under way. */
  const outgoing = new Map<string, Readable>();
  transport.use('stream', (mail, done) => {
    mail.message.processFunc((stream) => {
      outgoing.set(String(mail.data.messageId), stream);
      return stream;
    });
    done();
  });

  async function send(message: OutgoingMessage): Promise<AttemptResult> {
    const { to, subject, text, html, locale, attemptId, signal } = message;
    if (!MAILBOX.test(to)) return { outcome: 'rejected', class: 'destination', providerCode: 'no_mailbox' };
    const messageId = `<${attemptId}@${from.address.slice(from.address.indexOf('@') + 1)}>`;
    try {
      await transport.sendMail({
        envelope: { from: from.address, to: [to] },
        from,
        to: { name: '', address: to },
        subject,
        text,
        ...(html === '' ? {} : { html }),
        messageId,
        xMailer: false,
        // RFC 3834: no vacation answers, please.
        headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': locale },
        signal,
      });
      return { outcome: 'accepted', providerMessageId: messageId.slice(1, -1) };
    } catch (error) {
      return judgeFailure(error, outgoing.get(messageId)?.readableDidRead ?? false, signal);
    } finally {
      outgoing.delete(messageId);
    }
  }

  return { name: 'smtp', mode, givesReceipts: false, send, close: async () => transport.close({ force: true }) };
}

/** Nodemailer's own time-outs are minutes, and it tries again by itself unless told not to. */
function connectionOf({ host, port, security, trustsAnyCertificate, login, timeoutMs }: SmtpConfig) {
  return {
    pool: true as const,
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls' && !trustsAnyCertificate,
    ignoreTLS: security === 'none',
    tls: { minVersion: 'TLSv1.2' as const, rejectUnauthorized: !trustsAnyCertificate },
    ...(login && { auth: { user: login.user, pass: login.password.reveal() } }),
    maxConnections: CONNECTIONS_MAX,
    maxMessages: MESSAGES_PER_CONNECTION,
    maxRequeues: 0,
    idleTimeout: IDLE_MS,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  };
}

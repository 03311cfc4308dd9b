import { type AttemptResult, createSmtpProvider, type SmtpConfig, toSmtpSender } from '@watchword/delivery';
import { Secret, StartupError } from '@watchword/platform';
import type { NoticeConfig } from './config.ts';

/** Where notices leave: a relay of their own, since those that carry codes may be what is out. */
export interface NoticeRelay {
  send(mail: {
    readonly id: string;
    readonly to: string;
    readonly subject: string;
    readonly text: string;
    /** Gives it up. */
    readonly signal: AbortSignal;
  }): Promise<AttemptResult>;
  close(): Promise<void>;
}

const SEND_MS = 10_000;
const PORTS = { starttls: 587, tls: 465, none: 25 } as const;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3})$/;

/** Undefined when nobody has said where notices go. */
export function createNoticeRelay({ NOTICE_SMTP_URL, NOTICE_FROM }: NoticeConfig): NoticeRelay | undefined {
  if (NOTICE_SMTP_URL === undefined) return undefined;
  if (NOTICE_FROM === undefined) throw new StartupError('Configuration: NOTICE_SMTP_URL given without NOTICE_FROM.');
  const provider = createSmtpProvider(configOf(new URL(NOTICE_SMTP_URL.reveal()), NOTICE_FROM));
  return {
    send: ({ id, to, subject, text, signal }) =>
      provider.send({
        channel: 'email',
        to,
        code: '',
        text,
        subject,
        html: '',
        locale: 'en',
        purpose: 'notice',
        attemptId: id,
        validitySeconds: 3_600,
        signal: AbortSignal.any([signal, AbortSignal.timeout(SEND_MS)]),
      }),
    close: () => provider.close(),
  };
}

/** `smtp://` is STARTTLS, but for a relay on this machine that has none; `smtps://` is TLS from the first byte. */
function configOf({ protocol, hostname, port, username, password }: URL, from: string): SmtpConfig {
  const isLocal = LOOPBACK.test(hostname);
  const security = protocol === 'smtps:' ? 'tls' : 'starttls';
  return {
    mode: 'live',
    host: hostname,
    port: Number(port || PORTS[security]),
    security,
    // Opportunistic there: who listens on this machine's loopback needs no certificate to see the mail.
    trustsAnyCertificate: isLocal,
    isPublicOnly: false,
    from: toSmtpSender(from),
    login:
      username === ''
        ? undefined
        : { user: decodeURIComponent(username), password: new Secret(decodeURIComponent(password)) },
    timeoutMs: SEND_MS,
  };
}

import type { Mode } from '@watchword/contracts';
import { Secret, secretVariable } from '@watchword/platform';
import { z } from 'zod';
import { type Account, AccountUnusable, type Surroundings } from '../provider-kind.ts';
import { mayBePublicHost } from '../public-address.ts';
import { accountReference } from '../receipt.ts';

const SMTP_SECURITY = ['starttls', 'tls', 'none'] as const;
export type SmtpSecurity = (typeof SMTP_SECURITY)[number];

/** One address, with or without a name before it. Nothing that could end a header line or an SMTP command. */
const SENDER = /^(?:[^<>@,;:"\\\p{Cc}]{1,64} )?<?([^\s<>@,;:"\\()[\]\p{Cc}]{1,64}@[A-Za-z0-9.-]{1,253})>?$/u;
const HOST = /^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
const PORT_MAX = 65_535;

export const smtpSettings = z.strictObject({
  host: z.string().max(253).regex(HOST, 'must be a host name or an IPv4 address'),
  port: z
    .string()
    .regex(/^[1-9]\d{0,4}$/, 'must be a port')
    .refine((text) => Number(text) <= PORT_MAX, 'must be a port')
    .optional(),
  security: z.enum(SMTP_SECURITY).optional(),
  from: z.string().regex(SENDER, 'must be an address, or a name and an address in <>'),
  user: z.string().min(1).max(256).optional(),
});
export const smtpCredentials = z.strictObject({ password: z.string().min(1).max(1024).optional() });
type Settings = z.infer<typeof smtpSettings>;
type Credentials = z.infer<typeof smtpCredentials>;

/** Where one of them is given, the relay asks for both. */
export function lackingOfSmtp({ user }: Partial<Settings>, { password }: Partial<Credentials>): string[] {
  if (user !== undefined && password === undefined) return ['password'];
  return user === undefined && password !== undefined ? ['user'] : [];
}

/** The relay's part of the environment: the platform's own account. */
export const smtpVariables = {
  SMTP_HOST: smtpSettings.shape.host
    .optional()
    .describe('Mail relay; without it and a sender e-mail is the sandbox, for test keys'),
  SMTP_PORT: smtpSettings.shape.port.describe('Its port; by default 587, or 465 with `tls`'),
  SMTP_SECURITY: smtpSettings.shape.security.describe(
    '`starttls` (default), `tls` from the first byte, or `none`, on this machine only',
  ),
  SMTP_FROM: smtpSettings.shape.from.optional().describe('Sender: an address, or `Name <address>`'),
  SMTP_USER: smtpSettings.shape.user.describe('To sign in with, where the relay asks for it'),
  SMTP_PASSWORD: secretVariable().optional().describe('Its password'),
};

export interface SmtpConfig {
  readonly mode: Mode;
  readonly host: string;
  readonly port: number;
  readonly security: SmtpSecurity;
  /** The sandbox's relay has a certificate of its own making; it is on this machine. */
  readonly trustsAnyCertificate: boolean;
  /** A project's relay is on the internet: nobody is led into our own network by naming it. */
  readonly isPublicOnly: boolean;
  readonly from: { readonly name: string; readonly address: string };
  readonly login: { readonly user: string; readonly password: Secret } | undefined;
  /** The longest that any step may take; a message's own signal may end it sooner. */
  readonly timeoutMs: number;
}

const USUAL_PORT: Readonly<Record<SmtpSecurity, number>> = { starttls: 587, tls: 465, none: 25 };
const SANDBOX_FROM = 'Watchword <otp@sandbox.invalid>';
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3})$/;

/** Throws `AccountUnusable`. */
export function toSmtpConfig(account: Account<Settings, Credentials>, surroundings: Surroundings): SmtpConfig {
  return account.mode === 'live'
    ? liveConfig(account.settings, account.credentials, surroundings)
    : sandboxConfig(account.settings, account.sandboxToken, surroundings);
}

function liveConfig(settings: Settings, { password }: Credentials, { timeoutMs, reference }: Surroundings): SmtpConfig {
  const { host, port, security = 'starttls', from, user } = settings;
  const isPublicOnly = reference !== accountReference('platform');
  if (isPublicOnly && !mayBePublicHost(host)) throw new AccountUnusable('not usable: host must be on the internet');
  if (security === 'none' && !LOOPBACK.test(host)) {
    throw new AccountUnusable('not usable: security none is for a relay on this machine');
  }
  return {
    mode: 'live',
    host,
    port: port === undefined ? USUAL_PORT[security] : Number(port),
    security,
    trustsAnyCertificate: false,
    isPublicOnly,
    from: toSmtpSender(from),
    login: user === undefined || password === undefined ? undefined : { user, password: new Secret(password) },
    timeoutMs,
  };
}

/** The sandbox's relay, which takes any sign-in: the token tells it whose message it is. */
function sandboxConfig(
  { from = SANDBOX_FROM }: Partial<Settings>,
  token: Secret,
  { sandboxSmtpUrl, timeoutMs }: Surroundings,
): SmtpConfig {
  const { hostname, port } = new URL(sandboxSmtpUrl);
  return {
    mode: 'test',
    host: hostname,
    port: Number(port || USUAL_PORT.starttls),
    security: 'starttls',
    trustsAnyCertificate: true,
    isPublicOnly: false,
    from: toSmtpSender(from),
    login: { user: 'sandbox', password: token },
    timeoutMs,
  };
}

/** Of text that the schema took. */
export function toSmtpSender(from: string): SmtpConfig['from'] {
  const address = SENDER.exec(from)?.[1] ?? '';
  return { address, name: from.slice(0, from.indexOf(address)).replace(/[<\s]+$/, '') };
}

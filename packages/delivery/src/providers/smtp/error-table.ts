import type { Verdict } from '../verdict.ts';

/** The command that a reply refused; `session` is all that comes before a message: greeting, EHLO, STARTTLS. */
export type SmtpStep = 'session' | 'sign_in' | 'sender' | 'recipient' | 'message';

/**
 * What a refusal means in our words, by the command that it answers: 550 is a bad address after RCPT TO and a refused sender
 * after MAIL FROM. Sources: RFC 5321 section 4.2, RFC 4954 section 6 (AUTH), RFC 7504 (521, 556), as of 2026-11-21.
 */
const REPLIES: Readonly<
  Record<SmtpStep, { readonly otherwise: Verdict; readonly codes: Readonly<Record<number, Verdict>> }>
> = {
  session: { otherwise: 'configuration', codes: {} },
  sign_in: { otherwise: 'configuration', codes: {} },
  sender: { otherwise: 'configuration', codes: {} },
  recipient: {
    otherwise: 'configuration',
    codes: {
      501: 'destination',
      550: 'destination',
      551: 'destination',
      552: 'destination',
      553: 'destination',
      556: 'destination',
    },
  },
  message: {
    otherwise: 'content',
    codes: { 500: 'configuration', 502: 'configuration', 503: 'configuration', 530: 'configuration' },
  },
};

/**
 * Enhanced codes (`5.x.y`) that say it better than the reply they stand in, for RCPT TO and the message itself. Sources: RFC 3463,
 * RFC 7372 (5.7.20 to 5.7.26: the sender's domain does not authenticate), the IANA registry, as of 2026-11-21.
 */
const ENHANCED: readonly (readonly [pattern: RegExp, recipient: Verdict, message: Verdict])[] = [
  // The sender's address.
  [/^5\.1\.[78]$/, 'configuration', 'configuration'],
  // The recipient's address, mailbox, or domain that cannot be reached.
  [/^5\.([12]\.\d+|4\.[0124])$/, 'destination', 'destination'],
  // The relay's own network: congested, going in circles; or its limit for us.
  [/^5\.4\.\d+$/, 'configuration', 'configuration'],
  // Who sends is not who may: no sign-in, no SPF, DKIM or DMARC.
  [/^5\.7\.(0|8|9|1[0-8]|2\d)$/, 'configuration', 'configuration'],
  // Any other policy: of relaying before the message was seen, of what stands in it afterwards.
  [/^5\.7\.\d+$/, 'configuration', 'content'],
];

/** A reply of 4xx or 5xx. `enhanced` as in `5.1.1`. */
export function verdictOfReply(step: SmtpStep, reply: number, enhanced: string | undefined): Verdict {
  if (reply < 500) return 'transient';
  const known = ENHANCED.find(([pattern]) => pattern.test(enhanced ?? ''));
  if (known && step === 'recipient') return known[1];
  if (known && step === 'message') return known[2];
  const { codes, otherwise } = REPLIES[step];
  return codes[reply] ?? otherwise;
}

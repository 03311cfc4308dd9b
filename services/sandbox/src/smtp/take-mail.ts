import { randomBytes } from 'node:crypto';
import type { SMTPServerSession } from 'smtp-server';
import { normaliseEmail } from '../domain/destination.ts';
import type { Inbox } from '../domain/inbox.ts';
import { maskCredentials } from '../http/raw-request.ts';
import { readMail } from './read-mail.ts';

/** A name that its sender may give a message: the API finds it by it, so it is short, and no word of the API's own. */
const MESSAGE_ID = /^[^\s<>@]{1,60}@[^\s<>@]{1,60}$/;

export interface TakeMailDeps {
  readonly inbox: Inbox;
  readonly now: () => number;
}

/** Puts a mail into the inbox, once for each of its recipients; resolves with its queue id. */
export function createTakeMail({ inbox, now }: TakeMailDeps) {
  return async function takeMail(source: Buffer, session: SMTPServerSession): Promise<string> {
    const { messageId, ...mail } = await readMail(source);
    const queueId = randomBytes(8).toString('hex').toUpperCase();
    // As its sender calls it, unless that name is taken.
    const isOwnName = messageId !== undefined && MESSAGE_ID.test(messageId) && inbox.find(messageId) === undefined;
    const id = isOwnName ? messageId : queueId;
    const request = { line: envelopeOf(session), headers: headersOf(session), body: source.toString('utf8') };
    for (const [index, { address }] of session.envelope.rcptTo.entries()) {
      inbox.add({
        id: index === 0 ? id : `${queueId}-${index + 1}`,
        channel: 'email',
        provider: 'smtp',
        to: normaliseEmail(address),
        ...mail,
        segments: null,
        at: now(),
        request,
      });
    }
    return queueId;
  };
}

function envelopeOf({ envelope: { mailFrom, rcptTo } }: SMTPServerSession): string {
  const from = mailFrom === false ? '' : mailFrom.address;
  return [`MAIL FROM:<${from}>`, ...rcptTo.map(({ address }) => `RCPT TO:<${address}>`)].join(' ');
}

/** What there is of a call beside its envelope. */
function headersOf({ secure, tlsOptions, user }: SMTPServerSession): Record<string, string> {
  return {
    transport: secure && tlsOptions ? `TLS (${tlsOptions.version ?? tlsOptions.name})` : 'in clear',
    ...(user === undefined ? {} : { auth: `${String(user)} ${maskCredentials('')}` }),
  };
}

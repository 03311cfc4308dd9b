import { randomBytes } from 'node:crypto';
import { findCode } from '../../domain/code.ts';
import { normalisePhoneNumber } from '../../domain/phone-number.ts';
import { countSegments } from '../../domain/segments.ts';
import type { Carrier } from '../carrier.ts';
import { basicCredentials } from '../credentials.ts';
import { textField } from '../fields.ts';
import { writeMessageReceipt } from './message-receipt.ts';
import { refuse, refused, twilioTime } from './problem.ts';

const BODY_MAX_CHARACTERS = 1_600;

/**
 * Twilio's Programmable Messaging (API version 2010-04-01). The resource's fields are those of `MessageResource` in the
 * official SDK 6.2.0.
 */
export const twilioMessagesCarrier: Carrier = {
  provider: 'twilio',
  channelOf: () => 'sms',
  refuse,

  read({ authorization, fields, params }) {
    const credentials = basicCredentials(authorization);
    if (credentials === undefined) return refused(401, 20003, 'Authenticate');
    const written = textField(fields, 'To');
    const text = textField(fields, 'Body');
    const from = textField(fields, 'From');
    const service = textField(fields, 'MessagingServiceSid');
    if (written === undefined) return refused(400, 21604, "A 'To' phone number is required.");
    const to = normalisePhoneNumber(written);
    if (to === undefined) return refused(400, 21211, `Invalid 'To' Phone Number: ${written}`);
    if (from === undefined && service === undefined) return refused(400, 21603, "A 'From' phone number is required.");
    if (text === undefined) return refused(400, 21602, 'Message body is required.');
    if (text.length > BODY_MAX_CHARACTERS) {
      return refused(400, 21617, 'The concatenated message body exceeds the 1600 character limit.');
    }
    const id = `SM${randomBytes(16).toString('hex')}`;
    const message = { id, account: params.account ?? '', to, from, service, text };
    const url = textField(fields, 'StatusCallback');
    const receiptOf = { ...message, url: url ?? '', token: credentials.password };
    return {
      taken: true,
      id,
      to,
      text,
      code: findCode(text),
      segments: countSegments(text),
      answer: (at) => ({ status: 201, body: messageResource(message, at) }),
      callback:
        url === undefined
          ? undefined
          : {
              url,
              tells: ['sent', 'delivered', 'undelivered'],
              write: (step) => [writeMessageReceipt(receiptOf, step)],
            },
    };
  },
};

interface TwilioMessage {
  readonly id: string;
  readonly account: string;
  readonly to: string;
  readonly from: string | undefined;
  readonly service: string | undefined;
  readonly text: string;
}

/** A messaging service chooses the sender later: until then the message is `accepted`, without sender and segments. */
function messageResource({ id, account, to, from, service, text }: TwilioMessage, at: number): object {
  const uri = `/2010-04-01/Accounts/${account}/Messages/${id}`;
  return {
    account_sid: account,
    api_version: '2010-04-01',
    body: text,
    date_created: twilioTime(at),
    date_sent: null,
    date_updated: twilioTime(at),
    direction: 'outbound-api',
    error_code: null,
    error_message: null,
    from: from ?? null,
    messaging_service_sid: service ?? null,
    num_media: '0',
    num_segments: service === undefined ? String(countSegments(text)) : '0',
    price: null,
    price_unit: 'USD',
    sid: id,
    status: service === undefined ? 'queued' : 'accepted',
    subresource_uris: { media: `${uri}/Media.json` },
    to,
    uri: `${uri}.json`,
  };
}

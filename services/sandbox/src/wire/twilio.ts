import { randomBytes } from 'node:crypto';
import { normalisePhoneNumber } from '../domain/phone-number.ts';
import { countSegments } from '../domain/segments.ts';
import {
  basicCredentials,
  type Carrier,
  type CarrierCall,
  type RefusedCall,
  textField,
  type WireAnswer,
} from './carrier.ts';
import { writeTwilioReceipt } from './twilio-receipt.ts';

const BODY_MAX_CHARACTERS = 1_600;

/**
 * Twilio's Programmable Messaging (API version 2010-04-01). The resource's fields are those of `MessageResource` in the
 * official SDK 6.2.0; codes and texts are those of Twilio's error dictionary.
 */
export const twilioCarrier: Carrier = {
  provider: 'twilio',
  tellsSent: true,

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
      answer: (at) => ({ status: 201, body: messageResource(message, at) }),
      ...(url && { callback: { url, write: (step) => writeTwilioReceipt(receiptOf, step) } }),
    };
  },

  refuse(mode, { fields }: CarrierCall, code) {
    switch (mode) {
      case 'down':
        return { status: 503 };
      case 'throttle':
        return problem(429, code ?? 20429, 'Too Many Requests');
      case 'auth':
        return problem(401, code ?? 20003, 'Authenticate');
      case 'reject':
        return problem(400, code ?? 21211, `Invalid 'To' Phone Number: ${textField(fields, 'To') ?? ''}`);
    }
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
  const created = new Date(at).toUTCString().replace('GMT', '+0000');
  return {
    account_sid: account,
    api_version: '2010-04-01',
    body: text,
    date_created: created,
    date_sent: null,
    date_updated: created,
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

function refused(status: number, code: number, message: string): RefusedCall {
  return { taken: false, answer: problem(status, code, message) };
}

function problem(status: number, code: number, message: string): WireAnswer {
  return { status, body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status } };
}

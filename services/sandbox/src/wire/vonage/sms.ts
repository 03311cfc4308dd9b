import { randomUUID } from 'node:crypto';
import { findCode } from '../../domain/code.ts';
import { normalisePhoneNumber } from '../../domain/phone-number.ts';
import type { ProviderCode } from '../../domain/provider.ts';
import { countSegments } from '../../domain/segments.ts';
import { type Carrier, type RefusedCall, refusedWith, type WireAnswer } from '../carrier.ts';
import { basicCredentials } from '../credentials.ts';
import { textField } from '../fields.ts';
import { writeSmsReceipt } from './sms-receipt.ts';

const TEXT_MAX_CHARACTERS = 3_200;
const CREDENTIALS = ['api_key', 'api_secret'];
const REQUIRED_FIELDS = ['from', 'to', 'text'];

/**
 * Vonage's SMS API. It answers 200 whatever happened: the truth is each message's `status`. Field names are those of
 * `SMSMessageResponse` in the official SDK 3.30.1, statuses those of the provider's error list.
 */
export const vonageSmsCarrier: Carrier = {
  provider: 'vonage',
  channelOf: () => 'sms',

  read({ authorization, fields }) {
    const basic = basicCredentials(authorization);
    const missing = [...(basic ? [] : CREDENTIALS), ...REQUIRED_FIELDS].find((name) => !textField(fields, name));
    if (missing) return refused(2, `Missing ${missing}`);
    const written = textField(fields, 'to') ?? '';
    const to = normalisePhoneNumber(written);
    if (to === undefined) return refused(3, 'Invalid value for to');
    const text = textField(fields, 'text') ?? '';
    if (text.length > TEXT_MAX_CHARACTERS) return refused(12, 'Message too long');
    const id = randomUUID();
    const reference = textField(fields, 'client-ref');
    const segments = countSegments(text);
    const url = textField(fields, 'callback');
    const receiptOf = {
      id,
      to,
      from: textField(fields, 'from') ?? '',
      reference,
      apiKey: basic?.user ?? textField(fields, 'api_key') ?? '',
      secret: basic?.password ?? textField(fields, 'api_secret') ?? '',
    };
    return {
      taken: true,
      id,
      to,
      text,
      code: findCode(text),
      segments,
      answer: () => accepted({ id, to, parts: segments, reference }),
      callback:
        url === undefined
          ? undefined
          : { url, tells: ['delivered', 'undelivered'], write: (step) => [writeSmsReceipt(receiptOf, step)] },
    };
  },

  refuse(mode, _call, code) {
    switch (mode) {
      case 'down':
        return { status: 503 };
      case 'throttle':
        return failed(code ?? 1, 'Throughput Rate Exceeded - please wait [ 1000 ] and retry');
      case 'auth':
        return failed(code ?? 4, 'Bad Credentials');
      case 'reject':
        return failed(code ?? 6, 'Unroutable message - rejected');
    }
  },
};

interface AcceptedSms {
  readonly id: string;
  readonly to: string;
  readonly parts: number;
  readonly reference: string | undefined;
}

/** One entry per part; the first part's id is the message's. */
function accepted({ id, to, parts, reference }: AcceptedSms): WireAnswer {
  const messages = Array.from({ length: parts }, (_, part) => ({
    to: to.slice(1),
    'message-id': part === 0 ? id : randomUUID(),
    status: '0',
    'remaining-balance': '99.90000000',
    'message-price': '0.03330000',
    network: '310260',
    ...(reference === undefined ? {} : { 'client-ref': reference }),
  }));
  return { status: 200, body: { 'message-count': String(parts), messages } };
}

function refused(status: number, text: string): RefusedCall {
  return refusedWith(failed(status, text));
}

function failed(status: ProviderCode, text: string): WireAnswer {
  return {
    status: 200,
    body: { 'message-count': '1', messages: [{ status: String(status), 'error-text': text }] },
  };
}

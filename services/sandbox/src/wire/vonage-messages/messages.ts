import { randomUUID } from 'node:crypto';
import { findCode } from '../../domain/code.ts';
import { normalisePhoneNumber } from '../../domain/phone-number.ts';
import { countSegments } from '../../domain/segments.ts';
import { type Carrier, type CarrierCall, refusedWith } from '../carrier.ts';
import { basicCredentials, bearerToken } from '../credentials.ts';
import { objectField, textField } from '../fields.ts';
import { orderedParameters, readTemplate, showTemplate } from '../template.ts';
import { writeMessageStatus } from './message-status.ts';
import { invalid, refuse, unauthorized } from './problem.ts';

const REQUIRED_FIELDS = ['message_type', 'to', 'from', 'channel'];
/** A JWT names an application, not its account: the sandbox's word stands in for that account's signature secret. */
const APPLICATION = { user: 'sandbox', password: 'sandbox' };

/** Vonage's Messages API, version 1: SMS and WhatsApp. Source: https://developer.vonage.com/api/messages, as of 2026-11-21. */
export const vonageMessagesCarrier: Carrier = {
  provider: 'vonage_messages',
  channelOf,
  refuse: (mode, _call, code) => refuse(mode, code),

  read(call) {
    const { authorization, fields } = call;
    const account = basicCredentials(authorization) ?? (bearerToken(authorization) ? APPLICATION : undefined);
    if (account === undefined) return refusedWith(unauthorized());
    const missing = REQUIRED_FIELDS.find((name) => textField(fields, name) === undefined);
    if (missing) return refusedWith(invalid(1010, { name: missing, reason: 'Is required.' }));
    const to = normalisePhoneNumber(textField(fields, 'to') ?? '');
    if (to === undefined) return refusedWith(invalid(1170, { name: 'to', reason: 'Must be a phone number in E.164.' }));
    const content = readContent(call);
    if ('missing' in content) return refusedWith(invalid(1010, { name: content.missing, reason: 'Is required.' }));
    const id = randomUUID();
    const channel = channelOf(call);
    const segments = channel === 'sms' ? countSegments(content.text) : undefined;
    const url = textField(fields, 'webhook_url');
    const statusOf = {
      id,
      channel,
      to,
      segments,
      from: textField(fields, 'from') ?? '',
      reference: textField(fields, 'client_ref'),
      apiKey: account.user,
      secret: account.password,
    };
    return {
      taken: true,
      id,
      to,
      ...content,
      ...(segments === undefined ? {} : { segments }),
      answer: () => ({ status: 202, body: { message_uuid: id } }),
      callback:
        url === undefined
          ? undefined
          : {
              url,
              tells: ['sent', 'delivered', 'undelivered', ...(channel === 'whatsapp' ? (['read'] as const) : [])],
              write: (step) => [writeMessageStatus(statusOf, step)],
            },
    };
  },
};

function channelOf({ fields }: CarrierCall) {
  return textField(fields, 'channel') === 'whatsapp' ? 'whatsapp' : 'sms';
}

function readContent({ fields }: CarrierCall) {
  switch (textField(fields, 'message_type')) {
    case 'text': {
      const text = textField(fields, 'text');
      return text === undefined ? { missing: 'text' } : { text, code: findCode(text) };
    }
    case 'custom': {
      const custom = objectField(fields, 'custom');
      return textField(custom, 'type') === 'template'
        ? readTemplate(objectField(custom, 'template'))
        : { missing: 'custom.type' };
    }
    case 'template': {
      const template = objectField(fields, 'template');
      const name = textField(template, 'name');
      const locale = textField(objectField(fields, 'whatsapp'), 'locale');
      if (name === undefined) return { missing: 'template.name' };
      return showTemplate(locale === undefined ? name : `${name}, ${locale}`, orderedParameters(template));
    }
    default:
      return { missing: 'message_type' };
  }
}

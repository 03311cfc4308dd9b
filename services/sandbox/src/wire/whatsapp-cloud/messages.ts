import { randomBytes } from 'node:crypto';
import { findCode } from '../../domain/code.ts';
import { normalisePhoneNumber } from '../../domain/phone-number.ts';
import { accountReference, accountUrl } from '../account-url.ts';
import { type Carrier, type CarrierCall, type RefusedCall, refusedWith } from '../carrier.ts';
import { bearerToken } from '../credentials.ts';
import { objectField, textField } from '../fields.ts';
import { readTemplate } from '../template.ts';
import { graphError, refuse } from './graph-error.ts';
import { writeStatuses } from './statuses.ts';

/**
 * Meta's WhatsApp Cloud API: templates and texts. Receipts go to the account's one URL below `receiptsUrl`.
 * Source: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages, as of 2026-11-21.
 */
export function createWhatsAppCloudCarrier(receiptsUrl: string | undefined): Carrier {
  return {
    provider: 'whatsapp_cloud',
    channelOf: () => 'whatsapp',
    refuse: (mode, _call, code) => refuse(mode, code),

    read(call) {
      const { authorization, fields, params } = call;
      const token = bearerToken(authorization);
      if (token === undefined) return refused(190, 'No access token.');
      if (textField(fields, 'messaging_product') !== 'whatsapp') return missing('messaging_product');
      const written = textField(fields, 'to');
      if (written === undefined) return missing('to');
      const to = normalisePhoneNumber(written);
      if (to === undefined) return refused(131009, 'to is no WhatsApp phone number');
      const content = readContent(call);
      if ('missing' in content) return missing(content.missing);
      const id = `wamid.${randomBytes(24).toString('base64url')}`;
      const phoneNumberId = params.phoneNumberId ?? '';
      const url = accountUrl(receiptsUrl, 'whatsapp_cloud', accountReference(phoneNumberId));
      const statusesOf = {
        id,
        to,
        phoneNumberId,
        secret: token,
        opaque: textField(fields, 'biz_opaque_callback_data'),
      };
      const body = {
        messaging_product: 'whatsapp',
        contacts: [{ input: written, wa_id: to.slice(1) }],
        messages: [{ id, message_status: 'accepted' }],
      };
      return {
        taken: true,
        id,
        to,
        ...content,
        answer: () => ({ status: 200, body }),
        callback:
          url === undefined
            ? undefined
            : {
                url,
                tells: ['sent', 'delivered', 'read', 'undelivered'],
                write: (step) => [writeStatuses(statusesOf, step)],
              },
      };
    },
  };
}

function readContent({ fields }: CarrierCall) {
  const type = textField(fields, 'type') ?? 'text';
  if (type === 'template') return readTemplate(objectField(fields, 'template'));
  const text = type === 'text' ? textField(objectField(fields, 'text'), 'body') : undefined;
  return text === undefined ? { missing: type === 'text' ? 'text.body' : 'type' } : { text, code: findCode(text) };
}

const refused = (code: number, details: string): RefusedCall => refusedWith(graphError(code, details));
const missing = (name: string) => refused(131008, `Required parameter is missing: ${name}`);

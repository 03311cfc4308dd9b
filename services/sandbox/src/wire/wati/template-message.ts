import { createHash, randomUUID } from 'node:crypto';
import { normalisePhoneNumber } from '../../domain/phone-number.ts';
import type { ProviderCode } from '../../domain/provider.ts';
import { accountReference, accountUrl } from '../account-url.ts';
import { type Carrier, type RefusingMode, refusedWith, signingSecret, type WireAnswer } from '../carrier.ts';
import { bearerToken } from '../credentials.ts';
import { textField } from '../fields.ts';
import { namedParameters, showTemplate } from '../template.ts';
import { createEvents } from './event.ts';

/**
 * WATI's template messages, v1 and v2. A tenant is the first part of the path, if any. Its events go to the one URL that
 * the tenant has set, which here is the account's below `receiptsUrl`, ended by a secret that follows from the access token.
 * Source: https://docs.wati.io/reference/track-template-messages-using-webhooks, as of 2026-11-21.
 */
export function createWatiCarrier(receiptsUrl: string | undefined): Carrier {
  return {
    provider: 'wati',
    channelOf: () => 'whatsapp',
    refuse: (mode, { query }, code) => refuse(mode, textField(query, 'whatsappNumber') ?? '', code),

    read({ authorization, fields, params, query }) {
      const token = bearerToken(authorization);
      if (token === undefined) return refusedWith(refuse('auth', '', undefined));
      const number = textField(query, 'whatsappNumber') ?? '';
      const to = normalisePhoneNumber(number);
      if (to === undefined) return refusedWith(refuse('reject', number, undefined));
      const template = textField(fields, 'template_name');
      if (template === undefined) return refusedWith(failure(400, 'template_name is required'));
      if (textField(fields, 'broadcast_name') === undefined) {
        return refusedWith(failure(400, 'broadcast_name is required'));
      }
      const content = showTemplate(template, namedParameters(fields));
      const localMessageId = randomUUID();
      const urlOf = (secret: string) =>
        accountUrl(receiptsUrl, 'wati', `${accountReference(params.tenant)}.${urlSecretOf(secret)}`);
      const url = urlOf(token);
      const write = createEvents({ localMessageId, to, template, text: content.text });
      return {
        taken: true,
        id: localMessageId,
        to,
        ...content,
        answer: () => accepted({ localMessageId, to, template, parameters: fields.parameters }),
        callback:
          url === undefined
            ? undefined
            : {
                url,
                tells: ['sent', 'delivered', 'read', 'undelivered'],
                write: (step) => [{ ...write(step), url: urlOf(signingSecret(token, step)) }],
              },
      };
    },
  };
}

const urlSecretOf = (token: string) => createHash('sha256').update(`wati ${token}`).digest('base64url');

interface AcceptedTemplate {
  readonly localMessageId: string;
  readonly to: string;
  readonly template: string;
  readonly parameters: unknown;
}

function accepted({ localMessageId, to, template, parameters }: AcceptedTemplate): WireAnswer {
  const receivers = [{ localMessageId, waId: to.slice(1), isValidWhatsAppNumber: true, errors: [] }];
  return { status: 200, body: { result: true, error: null, templateName: template, receivers, parameters } };
}

/** WATI has no codes of its own: a `code` is the HTTP status, and a bad number is told with 200. */
function refuse(mode: RefusingMode, number: string, code: ProviderCode | undefined): WireAnswer {
  if (code !== undefined && mode !== 'down')
    return failure(Number(code), SAYINGS[Number(code)] ?? 'Something went wrong');
  switch (mode) {
    case 'down':
      return { status: 503 };
    case 'throttle':
      return failure(429, 'Rate limit is exceeded. Try again in 5 seconds.');
    case 'auth':
      return failure(401, 'Unauthorized');
    case 'reject': {
      const errors = [{ code: 131026, message: 'Invalid WhatsApp number' }];
      const receivers = [{ localMessageId: null, waId: number, isValidWhatsAppNumber: false, errors }];
      return { status: 200, body: { result: false, error: null, receivers } };
    }
  }
}

const SAYINGS: Readonly<Record<number, string>> = {
  400: 'Template is not approved',
  401: 'Unauthorized',
  403: 'Permission denied',
  404: 'Template not found',
  429: 'Rate limit is exceeded. Try again in 5 seconds.',
};

const failure = (status: number, message: string): WireAnswer => ({ status, body: { result: false, message } });

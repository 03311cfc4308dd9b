import { createHttpClient, type HttpAnswer, judgeFailure } from '../http-client.ts';
import { fieldOf, firstOf, numericCode, parseJson } from '../json-fields.ts';
import { isMessageId } from '../message-id.ts';
import type { AttemptResult, OutgoingMessage, ProviderAdapter } from '../provider.ts';
import { resultOf, verdictOfStatus } from '../verdict.ts';
import { chooseTemplateLocale } from '../whatsapp-template.ts';
import type { WhatsAppCloudConfig } from './config.ts';
import { PAIR_RATE_CODE, WHATSAPP_CODES } from './error-table.ts';

const PAIR_RATE_MS = 6_000;

/**
 * WhatsApp through Meta's Cloud API: an authentication template, whose text Meta keeps; only the code and the language are
 * ours. How long it is worth delivering is a setting of the template, not of the message.
 */
export function createWhatsAppCloudProvider(config: WhatsAppCloudConfig): ProviderAdapter {
  const { mode, accessToken, apiVersion, phoneNumberId, givesReceipts } = config;
  const client = createHttpClient({ baseUrl: config.baseUrl });

  async function send(message: OutgoingMessage): Promise<AttemptResult> {
    const exchange = await client.exchange({
      method: 'POST',
      path: `/${apiVersion}/${phoneNumberId}/messages`,
      headers: {
        authorization: `Bearer ${accessToken.reveal()}`,
        'content-type': 'application/json',
        accept: 'application/json',
      },
      body: JSON.stringify(bodyOf(message, config)),
      signal: message.signal,
    });
    return exchange.kind === 'failed' ? judgeFailure(exchange) : judgeAnswer(exchange);
  }

  return { name: 'whatsapp_cloud', mode, givesReceipts, send, close: client.close };
}

/** The code stands twice: in the text, and behind the button that copies it. */
function bodyOf({ to, code, locale, attemptId }: OutgoingMessage, { template, templateLocales }: WhatsAppCloudConfig) {
  const parameters = [{ type: 'text', text: code }];
  return {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: to.replace(/^\+/, ''),
    type: 'template',
    template: {
      name: template,
      language: { code: chooseTemplateLocale(locale, templateLocales) },
      components: [
        { type: 'body', parameters },
        { type: 'button', sub_type: 'url', index: '0', parameters },
      ],
    },
    // Comes back with each of the message's receipts, so that one finds its shard without a look-up.
    biz_opaque_callback_data: attemptId,
  };
}

/** By the error's code, as Meta asks for, and by the HTTP status only where there is none. */
function judgeAnswer({ statusCode, retryAfterMs, text }: HttpAnswer): AttemptResult {
  const body = parseJson(text);
  const code = numericCode(fieldOf(fieldOf(body, 'error'), 'code'));
  if (code !== undefined) {
    const waitMs = retryAfterMs ?? (code === PAIR_RATE_CODE ? PAIR_RATE_MS : undefined);
    return resultOf(WHATSAPP_CODES.get(code) ?? verdictOfStatus(statusCode), code, waitMs);
  }
  if (statusCode >= 300) return resultOf(verdictOfStatus(statusCode), `http_${statusCode}`, retryAfterMs);
  const messages = fieldOf(body, 'messages');
  if (!Array.isArray(messages)) return { outcome: 'unknown', providerCode: 'unreadable_answer' };
  const id = fieldOf(firstOf(messages), 'id');
  if (!isMessageId(id)) return { outcome: 'unknown', providerCode: 'no_message_id' };
  return { outcome: 'accepted', providerMessageId: id };
}

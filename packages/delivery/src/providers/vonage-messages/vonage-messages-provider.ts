import { createHttpClient, type HttpAnswer, judgeFailure } from '../http-client.ts';
import { fieldOf, parseJson } from '../json-fields.ts';
import { isMessageId } from '../message-id.ts';
import type { AttemptResult, OutgoingMessage, ProviderAdapter } from '../provider.ts';
import { receiptPath } from '../receipt.ts';
import { resultOf, type Verdict, verdictOfStatus } from '../verdict.ts';
import { chooseTemplateLocale } from '../whatsapp-template.ts';
import { createApplicationTokens } from './application-token.ts';
import type { VonageLogin, VonageMessagesConfig } from './config.ts';
import { codeOfError, VONAGE_ERROR_WORDS, VONAGE_MESSAGES_CODES } from './error-table.ts';

/** What Vonage allows an SMS to wait, in seconds. */
const TTL_SECONDS = { least: 20, most: 604_800 };

/**
 * SMS and WhatsApp through Vonage's Messages API, spoken directly: its SDK has no time-out that ends the call, does not tell a
 * request that was never written from one that may have been read, and prints the private key when `DEBUG` is set.
 * Source: https://developer.vonage.com/en/api/messages
 */
export function createVonageMessagesProvider(
  config: VonageMessagesConfig,
  now: () => number = Date.now,
): ProviderAdapter {
  const client = createHttpClient({ baseUrl: config.baseUrl });
  const authorization = authorizationOf(config.login, now);

  async function send(message: OutgoingMessage): Promise<AttemptResult> {
    const content = message.channel === 'whatsapp' ? templateOf(message, config) : textOf(message, config);
    if ('outcome' in content) return content;
    const { receiptsUrl } = config;
    const exchange = await client.exchange({
      method: 'POST',
      path: '/v1/messages',
      headers: { authorization: authorization(), 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({
        ...content,
        to: message.to.replace(/^\+/, ''),
        client_ref: message.attemptId,
        ...(receiptsUrl && {
          webhook_url: receiptsUrl + receiptPath('vonage_messages', message.attemptId),
          webhook_version: 'v1',
        }),
      }),
      signal: message.signal,
    });
    return exchange.kind === 'failed' ? judgeFailure(exchange) : judgeAnswer(exchange);
  }

  return {
    name: 'vonage_messages',
    mode: config.mode,
    givesReceipts: config.receiptsUrl !== undefined,
    send,
    close: client.close,
  };
}

function authorizationOf(login: VonageLogin, now: () => number): () => string {
  if (login.kind === 'secret') {
    const basic = Buffer.from(`${login.apiKey}:${login.apiSecret.reveal()}`).toString('base64');
    return () => `Basic ${basic}`;
  }
  const applicationToken = createApplicationTokens({ ...login, now });
  return () => `Bearer ${applicationToken()}`;
}

function textOf({ text, validitySeconds }: OutgoingMessage, { from }: VonageMessagesConfig) {
  const ttl = Math.min(Math.max(TTL_SECONDS.least, Math.floor(validitySeconds)), TTL_SECONDS.most);
  return { channel: 'sms', message_type: 'text', from, text, ttl };
}

/**
 * An authentication template, whose text Meta keeps. A template with a button is sent as a `custom` object, which Vonage hands on;
 * the code stands twice, in the text and behind the button.
 */
function templateOf({ code, locale }: OutgoingMessage, { whatsapp }: VonageMessagesConfig) {
  const { from, template, templateLocales } = whatsapp;
  if (from === undefined) return resultOf('configuration', 'no_whatsapp_sender');
  if (template === undefined) return resultOf('configuration', 'no_template');
  const parameters = [{ type: 'text', text: code }];
  return {
    channel: 'whatsapp',
    message_type: 'custom',
    from,
    custom: {
      type: 'template',
      template: {
        name: template,
        language: { policy: 'deterministic', code: chooseTemplateLocale(locale, templateLocales) },
        components: [
          { type: 'body', parameters },
          { type: 'button', sub_type: 'url', index: 0, parameters },
        ],
      },
    },
  };
}

function judgeAnswer({ statusCode, retryAfterMs, text }: HttpAnswer): AttemptResult {
  const body = parseJson(text);
  if (statusCode < 300) {
    if (body === undefined) return { outcome: 'unknown', providerCode: 'unreadable_answer' };
    const id = fieldOf(body, 'message_uuid');
    if (!isMessageId(id)) return { outcome: 'unknown', providerCode: 'no_message_id' };
    return { outcome: 'accepted', providerMessageId: id };
  }
  const code = codeOfError(body);
  const known: Verdict | undefined =
    code === undefined ? undefined : (VONAGE_MESSAGES_CODES.get(code) ?? VONAGE_ERROR_WORDS.get(code));
  return resultOf(known ?? verdictOfStatus(statusCode), code ?? `http_${statusCode}`, retryAfterMs);
}

import { createHttpClient, type HttpAnswer, judgeFailure } from '../http-client.ts';
import { fieldOf, firstOf, numericCode, parseJson } from '../json-fields.ts';
import { isMessageId } from '../message-id.ts';
import type { AttemptResult, OutgoingMessage, ProviderAdapter } from '../provider.ts';
import { lookupPublic } from '../public-address.ts';
import { resultOf, verdictOfStatus } from '../verdict.ts';
import { WHATSAPP_CODES } from '../whatsapp-cloud/error-table.ts';
import type { WatiConfig } from './config.ts';
import { refusalOf, WATI_REFUSALS, type WatiRefusal } from './error-table.ts';

/** Of what WATI says, as much as is read for its meaning. */
const SENTENCE_CHARACTERS_MAX = 4_096;
const SAID_IN = ['info', 'message', 'error', 'errors', 'detail', 'title'] as const;

/**
 * WhatsApp through WATI: one of the account's approved templates, with the code as its placeholder. An answer of 200 says
 * little: a message is accepted only when `result` and the receiver's `isValidWhatsAppNumber` say so and it has an id.
 */
export function createWatiProvider(config: WatiConfig): ProviderAdapter {
  const { mode, baseUrl, isTenantUrl, accessToken, apiVersion, givesReceipts } = config;
  const client = createHttpClient({ baseUrl, ...(isTenantUrl && { lookup: lookupPublic }) });

  async function send(message: OutgoingMessage): Promise<AttemptResult> {
    const exchange = await client.exchange({
      method: 'POST',
      path: `/api/${apiVersion}/sendTemplateMessage?whatsappNumber=${message.to.replace(/\D/g, '')}`,
      headers: {
        authorization: `Bearer ${accessToken.reveal()}`,
        'content-type': 'application/json',
        accept: 'application/json',
      },
      body: JSON.stringify({
        template_name: config.template,
        broadcast_name: config.template,
        parameters: [{ name: config.parameter, value: message.code }],
      }),
      signal: message.signal,
    });
    return exchange.kind === 'failed' ? judgeFailure(exchange) : judgeAnswer(exchange);
  }

  return { name: 'wati', mode, givesReceipts, send, close: client.close };
}

function judgeAnswer({ statusCode, retryAfterMs, text }: HttpAnswer): AttemptResult {
  const body = parseJson(text);
  const sentence = sentenceOf(body, text);
  if (statusCode >= 300) {
    const refusal = refusalOf(statusCode, sentence);
    if (refusal !== undefined) return refusedAs(refusal);
    return resultOf(verdictOfStatus(statusCode), `http_${statusCode}`, retryAfterMs);
  }
  const result = fieldOf(body, 'result');
  if (result === true) return judgeReceiver(body, sentence);
  if (result !== false) return { outcome: 'unknown', providerCode: 'unreadable_answer' };
  // It says itself that it has sent nothing.
  if (isInvalid(body)) return refusedAs('invalid_whatsapp_number');
  const code = codeOf(fieldOf(receiverOf(body), 'errors'));
  if (code !== undefined) return resultOf(WHATSAPP_CODES.get(code) ?? 'configuration', code);
  return refusedAs(refusalOf(statusCode, sentence) ?? 'request_refused');
}

/** What WATI says of a refusal, apart from what it repeats of the request. */
function sentenceOf(body: unknown, text: string): string {
  if (typeof body !== 'object' || body === null) return text.slice(0, SENTENCE_CHARACTERS_MAX);
  const said = [...SAID_IN.map((name) => fieldOf(body, name)), fieldOf(receiverOf(body), 'errors')];
  const words = said.map((value) => (typeof value === 'string' ? value : JSON.stringify(value ?? '')));
  return words.join('\n').slice(0, SENTENCE_CHARACTERS_MAX);
}

const refusedAs = (refusal: WatiRefusal): AttemptResult => ({
  outcome: 'rejected',
  class: WATI_REFUSALS[refusal].verdict,
  providerCode: refusal,
});

/** v2 tells of each receiver; v1 also comes with the same fields beside `result`, and the message's id in `model.ids`. */
const receiverOf = (body: unknown) => firstOf(fieldOf(body, 'receivers'));
const validityOf = (body: unknown) =>
  fieldOf(receiverOf(body), 'isValidWhatsAppNumber') ?? fieldOf(body, 'validWhatsAppNumber');
const isInvalid = (body: unknown) => validityOf(body) === false;
/** WhatsApp's own, where a receiver's error has one. */
const codeOf = (errors: unknown) => numericCode(fieldOf(firstOf(errors), 'code'));

function judgeReceiver(body: unknown, sentence: string): AttemptResult {
  if (isInvalid(body)) return refusedAs('invalid_whatsapp_number');
  const receiver = receiverOf(body);
  const errors = fieldOf(receiver, 'errors');
  if (Array.isArray(errors) && errors.length > 0) return judgeErrors(errors, sentence);
  if (validityOf(body) !== true) return { outcome: 'unknown', providerCode: 'unreadable_answer' };
  const id = fieldOf(receiver, 'localMessageId') ?? firstOf(fieldOf(fieldOf(body, 'model'), 'ids'));
  if (!isMessageId(id)) return { outcome: 'unknown', providerCode: 'no_message_id' };
  return { outcome: 'accepted', providerMessageId: id };
}

/** Of a receiver, in an answer that calls itself a success: nobody knows, unless what is said is known to be a refusal. */
function judgeErrors(errors: readonly unknown[], sentence: string): AttemptResult {
  const code = codeOf(errors);
  if (code !== undefined) return resultOf(WHATSAPP_CODES.get(code) ?? 'unknown', code);
  const refusal = refusalOf(200, sentence);
  return refusal === undefined ? { outcome: 'unknown', providerCode: 'receiver_error' } : refusedAs(refusal);
}

import { createRequire } from 'node:module';
import type { Vonage } from '@vonage/server-sdk';
import { isGsm7 } from '../../templates/gsm7.ts';
import { fieldOf, textOf } from '../json-fields.ts';
import { isMessageId } from '../message-id.ts';
import type { AttemptResult, OutgoingMessage, ProviderAdapter } from '../provider.ts';
import { receiptPath } from '../receipt.ts';
import { isSafeToRepeat, parseRetryAfterMs, resultOf, transportCodeOf, verdictOfStatus } from '../verdict.ts';
import type { VonageConfig } from './config.ts';
import { VONAGE_SMS_STATUSES } from './error-table.ts';

type SmsParams = NonNullable<Parameters<Vonage['sms']['send']>[0]>;
/** The SDK does not export its enum. */
const UNICODE = 'unicode' as unknown as NonNullable<SmsParams['type']>;

const TTL_MS_MIN = 20_000;
const TTL_MS_MAX = 604_800_000;

/**
 * SMS through Vonage's SDK, whose results mislead: it calls an answer without messages a success, throws for messages
 * that were accepted, and loses an answer cut short. So nothing counts as accepted without a message id.
 * Required, not imported: the CommonJS build loads in 60 ms and 22 MB, the ESM one in 160 ms and 35 MB (Node 24).
 */
export function createVonageProvider(config: VonageConfig): ProviderAdapter {
  const require = createRequire(import.meta.url);
  const sdk = require('@vonage/server-sdk') as typeof import('@vonage/server-sdk');
  const { sms } = new sdk.Vonage(
    // An absent private key would be looked for as a file named `undefined`.
    { apiKey: config.apiKey, apiSecret: config.apiSecret.reveal(), privateKey: '' },
    { restHost: config.baseUrl, timeout: config.timeoutMs },
  );

  async function send(message: OutgoingMessage): Promise<AttemptResult> {
    const answered = sms.send(paramsOf(message, config)).then(
      (answer) => judgeMessages(answer),
      (error: unknown) => judgeError(error, message.signal),
    );
    return Promise.race([answered, whenAborted(message.signal)]);
  }

  return {
    name: 'vonage',
    mode: config.mode,
    givesReceipts: config.receiptsUrl !== undefined,
    send,
    close: async () => {},
  };
}

function paramsOf(message: OutgoingMessage, { from, receiptsUrl }: VonageConfig): SmsParams {
  const { to, text, attemptId, validitySeconds } = message;
  return {
    from,
    to: to.replace(/^\+/, ''),
    text,
    ttl: Math.min(Math.max(TTL_MS_MIN, Math.floor(validitySeconds * 1000)), TTL_MS_MAX),
    clientRef: attemptId,
    ...(isGsm7(text) ? {} : { type: UNICODE }),
    ...(receiptsUrl && { callback: receiptsUrl + receiptPath('vonage', attemptId) }),
  };
}

/** The SDK takes no signal; its own time-out ends the call itself. */
function whenAborted(signal: AbortSignal): Promise<AttemptResult> {
  const timedOut: AttemptResult = { outcome: 'unknown', providerCode: 'timeout' };
  if (signal.aborted) return Promise.resolve(timedOut);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(timedOut), { once: true }));
}

/**
 * Judges `messages[]`, one entry per part, wherever it was found. Parts that disagree leave a torn message: unknown.
 * Undefined when there is nothing to judge.
 */
function judgeParts(body: unknown): AttemptResult | undefined {
  const parts = fieldOf(body, 'messages');
  if (!Array.isArray(parts) || parts.length === 0) return undefined;
  const statusOf = (part: unknown) => textOf(fieldOf(part, 'status'));
  const failed = parts.map(statusOf).filter((status) => status !== '0');
  const [status] = failed;
  if (status !== undefined) {
    if (!/^\d{1,4}$/.test(status)) return { outcome: 'unknown', providerCode: 'unreadable_answer' };
    if (failed.length < parts.length) return { outcome: 'unknown', providerCode: status };
    return resultOf(VONAGE_SMS_STATUSES.get(status) ?? 'configuration', status);
  }
  const id = fieldOf(parts[0], 'messageId') ?? fieldOf(parts[0], 'message-id');
  if (!isMessageId(id)) return { outcome: 'unknown', providerCode: 'no_message_id' };
  return { outcome: 'accepted', providerMessageId: id, segments: parts.length };
}

function judgeMessages(answer: unknown): AttemptResult {
  return judgeParts(answer) ?? { outcome: 'unknown', providerCode: 'unreadable_answer' };
}

/** `SMSFailure` carries the answer, `VetchError` the request with its credentials, a failed fetch its cause. */
async function judgeError(error: unknown, signal: AbortSignal): Promise<AttemptResult> {
  const response = fieldOf(error, 'response');
  if (response instanceof Response) return judgeResponse(response);
  const judged = judgeParts(response);
  if (judged) return judged;
  const code = transportCodeOf(error, signal);
  if (code === 'no_code') return { outcome: 'unknown', providerCode: 'unreadable_answer' };
  return resultOf(isSafeToRepeat(code) ? 'transient' : 'unknown', code);
}

async function judgeResponse(response: Response): Promise<AttemptResult> {
  if (response.ok) return { outcome: 'unknown', providerCode: 'unreadable_answer' };
  const judged = judgeParts(await readJson(response));
  if (judged && judged.outcome !== 'accepted') return judged;
  const retryAfterMs = parseRetryAfterMs(response.headers.get('retry-after') ?? undefined, Date.now());
  return resultOf(verdictOfStatus(response.status), `http_${response.status}`, retryAfterMs);
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    // An empty or HTML body: the status alone is judged.
    return undefined;
  }
}

import { createHttpClient, type HttpAnswer, judgeFailure } from '../http-client.ts';
import { fieldOf, parseJson, textOf } from '../json-fields.ts';
import { isMessageId } from '../message-id.ts';
import type { AttemptResult, OutgoingMessage, ProviderAdapter } from '../provider.ts';
import { resultOf, verdictOfStatus } from '../verdict.ts';
import { createAccessTokens } from './access-token.ts';
import type { FcmConfig } from './config.ts';
import { FCM_ERROR_CODES, GOOGLE_STATUSES } from './error-table.ts';
import { fcmMessageOf } from './fcm-message.ts';

export interface FcmParts {
  readonly now?: () => number;
}

/** Push through FCM's HTTP v1 API, without its SDK, which sends up to five times. It tells nothing of delivery to a server. */
export function createFcmProvider(config: FcmConfig, { now = Date.now }: FcmParts = {}): ProviderAdapter {
  const { mode, projectId, baseUrl, tokenUrl } = config;
  const http = createHttpClient({ baseUrl });
  const tokenHttp = createHttpClient({ baseUrl: new URL(tokenUrl).origin });
  const tokens = createAccessTokens({ ...config, http: tokenHttp, now });
  const path = `/v1/projects/${projectId}/messages:send`;

  async function send(message: OutgoingMessage): Promise<AttemptResult> {
    const first = await sendOnce(message);
    // A token that was kept and is refused has been revoked; nothing was sent with it.
    return first.isTokenStale ? (await sendOnce(message)).result : first.result;
  }

  async function sendOnce(message: OutgoingMessage): Promise<{ result: AttemptResult; isTokenStale: boolean }> {
    const got = await tokens.get(message.signal);
    if (got.kind === 'none') return { result: got.result, isTokenStale: false };
    const exchanged = await http.exchange({
      method: 'POST',
      path,
      headers: {
        authorization: `Bearer ${got.token}`,
        'content-type': 'application/json',
        accept: 'application/json',
      },
      body: JSON.stringify(fcmMessageOf(message, now())),
      signal: message.signal,
    });
    if (exchanged.kind === 'failed') return { result: judgeFailure(exchanged), isTokenStale: false };
    const result = judgeAnswer(exchanged);
    // FCM says 401 for the app's own key at Apple as well, with a word of its own: then the token is good.
    const isRefused =
      exchanged.statusCode === 401 && !('providerCode' in result && FCM_ERROR_CODES.has(result.providerCode));
    if (isRefused) tokens.forget(got.token);
    return { result, isTokenStale: isRefused && !got.isFresh };
  }

  const close = async () => void (await Promise.all([http.close(), tokenHttp.close()]));
  return { name: 'fcm', mode, givesReceipts: false, send, close };
}

const MESSAGE_NAME = /^projects\/[\w-]+\/messages\/([^/]+)$/;

function judgeAnswer({ statusCode, text, retryAfterMs }: HttpAnswer): AttemptResult {
  const answer = parseJson(text);
  if (statusCode >= 200 && statusCode < 300) {
    const id = MESSAGE_NAME.exec(textOf(fieldOf(answer, 'name')))?.[1];
    if (!isMessageId(id)) return { outcome: 'unknown', providerCode: 'no_message_id' };
    return { outcome: 'accepted', providerMessageId: id };
  }
  const error = fieldOf(answer, 'error');
  const otherwise = verdictOfStatus(statusCode);
  const code = codeOf(fcmErrorOf(error));
  if (code !== undefined) return resultOf(FCM_ERROR_CODES.get(code) ?? otherwise, code, retryAfterMs);
  const status = codeOf(fieldOf(error, 'status'));
  return resultOf(GOOGLE_STATUSES.get(status ?? '') ?? otherwise, status ?? `http_${statusCode}`, retryAfterMs);
}

const FCM_ERROR_TYPE = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';

/** FCM's own word; an error without it is Google's front's. */
function fcmErrorOf(error: unknown): unknown {
  const details = fieldOf(error, 'details');
  const list: readonly unknown[] = Array.isArray(details) ? details : [];
  const own = list.find((detail) => fieldOf(detail, '@type') === FCM_ERROR_TYPE);
  return fieldOf(own, 'errorCode');
}

const codeOf = (value: unknown) => (typeof value === 'string' && /^[A-Z][A-Z_]{2,40}$/.test(value) ? value : undefined);

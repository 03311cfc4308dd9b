import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { type HttpAnswer, type HttpClient, judgeFailure } from '../http-client.ts';
import { fieldOf, parseJson, textOf } from '../json-fields.ts';
import type { AttemptResult } from '../provider.ts';
import { signRs256 } from '../rs256.ts';
import { resultOf, verdictOfStatus } from '../verdict.ts';
import type { FcmConfig } from './config.ts';

/** A token, or why there is none. Nothing of a message was written then. */
export type TokenOutcome =
  | { readonly kind: 'token'; readonly token: string; readonly isFresh: boolean }
  | { readonly kind: 'none'; readonly result: AttemptResult };

export interface AccessTokens {
  get(signal: AbortSignal): Promise<TokenOutcome>;
  /** It was refused: the next call asks for another. */
  forget(token: string): void;
}

export interface AccessTokensOptions extends Pick<FcmConfig, 'clientEmail' | 'key' | 'tokenUrl' | 'timeoutMs'> {
  readonly http: HttpClient;
  readonly now: () => number;
}

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const ASSERTION_SECONDS = 3_600;
/** A token this close to its end is not used any more: a message under way with it might come too late. */
const MARGIN_MS = 60_000;
/** Of an answer that does not say how long its token lives. */
const LIFE_SECONDS_MIN = 120;

/**
 * Access tokens of a service account (RFC 7523: an assertion that it signs is exchanged for one). One is asked for at a time,
 * whoever waits for it, and kept until a minute before its end. Source: https://developers.google.com/identity/protocols/oauth2/service-account
 */
export function createAccessTokens(options: AccessTokensOptions): AccessTokens {
  const { http, tokenUrl, timeoutMs, now } = options;
  let kept: { readonly token: string; readonly until: number } | undefined;
  let asking: Promise<TokenOutcome> | undefined;

  async function ask(): Promise<TokenOutcome> {
    const assertion = await assertionOf(options, now());
    const exchanged = await http.exchange({
      method: 'POST',
      path: new URL(tokenUrl).pathname,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams({ grant_type: GRANT, assertion }).toString(),
      // Not one caller's: others wait for the same answer.
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (exchanged.kind === 'failed') return none(judgeFailure({ ...exchanged, isWritten: false }));
    const answer = parseJson(exchanged.text);
    const token = fieldOf(answer, 'access_token');
    if (exchanged.statusCode !== 200) return none(judgeRefusal(exchanged, answer));
    if (typeof token !== 'string' || token === '') return none(resultOf('transient', 'no_access_token'));
    const lifeSeconds = Number(textOf(fieldOf(answer, 'expires_in'))) || LIFE_SECONDS_MIN;
    kept = { token, until: now() + lifeSeconds * 1000 - MARGIN_MS };
    return { kind: 'token', token, isFresh: true };
  }

  return {
    async get(signal) {
      if (kept !== undefined && now() < kept.until) return { kind: 'token', token: kept.token, isFresh: false };
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return Promise.race([asking, whenAborted(signal)]);
    },
    forget(token) {
      if (kept?.token === token) kept = undefined;
    },
  };
}

const none = (result: AttemptResult): TokenOutcome => ({ kind: 'none', result });

/** Errors of RFC 6749 section 5.2: the account, its key or its clock is wrong. */
function judgeRefusal({ statusCode, retryAfterMs }: HttpAnswer, answer: unknown): AttemptResult {
  const error = fieldOf(answer, 'error');
  const verdict = verdictOfStatus(statusCode);
  const isCode = typeof error === 'string' && /^[a-z_]{3,40}$/.test(error);
  // Nothing of a message was written, whatever became of this.
  return resultOf(verdict === 'unknown' ? 'transient' : verdict, isCode ? error : `http_${statusCode}`, retryAfterMs);
}

function whenAborted(signal: AbortSignal): Promise<TokenOutcome> {
  const late = none(resultOf('transient', 'timeout'));
  if (signal.aborted) return Promise.resolve(late);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(late), { once: true }));
}

async function assertionOf({ clientEmail, key, tokenUrl }: AccessTokensOptions, nowMs: number): Promise<string> {
  const issuedAt = Math.floor(nowMs / 1000);
  const claims = { iss: clientEmail, scope: SCOPE, aud: tokenUrl, iat: issuedAt, exp: issuedAt + ASSERTION_SECONDS };
  return signRs256(claims, key === 'any' ? await sandboxKey() : key);
}

let anyKey: Promise<KeyObject> | undefined;

/** The sandbox takes whatever is signed; made when it is first needed, since it takes a tenth of a second. */
function sandboxKey(): Promise<KeyObject> {
  anyKey ??= promisify(generateKeyPair)('rsa', { modulusLength: 2048 }).then(({ privateKey }) => privateKey);
  return anyKey;
}

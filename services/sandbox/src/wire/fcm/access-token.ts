import { randomBytes } from 'node:crypto';
import type { CarrierCall, WireAnswer } from '../carrier.ts';
import { textField } from '../fields.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const LIFE_SECONDS = 3_599;
/** A clock that is off by more than this is told so. */
const LIFE_SECONDS_MAX = 3_600;
const CLAIMS = ['iss', 'scope', 'aud', 'iat', 'exp'];

/**
 * Google's token endpoint for service accounts (RFC 7523). No key is known here, so a signature counts as right when it is there;
 * what it signs is read. Source: https://developers.google.com/identity/protocols/oauth2/service-account, as of 2026-11-21.
 */
export function answerTokenCall({ fields }: CarrierCall, now: number): WireAnswer {
  if (textField(fields, 'grant_type') !== GRANT) {
    return failure('unsupported_grant_type', 'Invalid grant_type.');
  }
  const mistake = findMistake(textField(fields, 'assertion') ?? '', Math.floor(now / 1000));
  if (mistake !== undefined) return failure('invalid_grant', mistake);
  const access_token = `ya29.sandbox-${randomBytes(24).toString('base64url')}`;
  return { status: 200, body: { access_token, expires_in: LIFE_SECONDS, token_type: 'Bearer' } };
}

function findMistake(assertion: string, nowSeconds: number): string | undefined {
  const [header, claims, signature] = assertion.split('.');
  if (!signature || decode(header).alg !== 'RS256') return 'Invalid JWT Signature.';
  const claimed = decode(claims);
  const missing = CLAIMS.find((name) => claimed[name] === undefined);
  if (missing !== undefined) return `Invalid JWT: ${missing} is required.`;
  const { iat, exp } = claimed;
  const isTimely =
    Number(exp) > nowSeconds && Number(iat) <= nowSeconds + 60 && Number(exp) - Number(iat) <= LIFE_SECONDS_MAX;
  return isTimely
    ? undefined
    : 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.';
}

function decode(part: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // No JSON: it claims nothing.
    return {};
  }
}

const failure = (error: string, error_description: string): WireAnswer => ({
  status: 400,
  body: { error, error_description },
});

import { randomBytes } from 'node:crypto';
import type { ProviderCode } from '../../domain/provider.ts';
import type { RefusingMode, WireAnswer } from '../carrier.ts';

/**
 * Titles of the Cloud API's error codes, and the HTTP status where it is not 400.
 * Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes, as of 2026-11-21.
 */
const KNOWN: Readonly<Record<number, readonly [title: string, status?: number]>> = {
  0: ['Authentication failed', 401],
  1: ['Invalid request or possible server error'],
  2: ['Service temporarily unavailable', 503],
  3: ['Capability or permissions issue', 403],
  4: ['Application request limit reached'],
  10: ['Application does not have permission for this action', 403],
  33: ['Parameter value is not valid'],
  100: ['Invalid parameter'],
  190: ['Access token has expired', 401],
  368: ['Temporarily blocked for policies violations', 403],
  80007: ['Rate limit issues'],
  130429: ['Rate limit hit'],
  130472: ["User's number is part of an experiment"],
  131000: ['Something went wrong', 500],
  131005: ['Access denied', 403],
  131008: ['Required parameter is missing'],
  131009: ['Parameter value is not valid'],
  131016: ['Service unavailable', 503],
  131021: ['Recipient cannot be sender'],
  131026: ['Message undeliverable'],
  131031: ['Account has been locked', 403],
  131042: ['Business eligibility payment issue'],
  131045: ['Incorrect certificate', 500],
  131047: ['Re-engagement message'],
  131048: ['Spam rate limit hit'],
  131049: ['This message was not delivered to maintain healthy ecosystem engagement.'],
  131056: ['Pair rate limit hit'],
  132000: ['Template param count does not match'],
  132001: ['Template does not exist', 404],
  132005: ['Template hydrated text too long'],
  132007: ['Template format character policy violated'],
  132012: ['Template parameter format mismatch'],
  132015: ['Template is paused'],
  132016: ['Template is disabled'],
  133004: ['Server temporarily unavailable', 503],
  133010: ['Phone number not registered'],
};

export const titleOf = (code: ProviderCode) => KNOWN[Number(code)]?.[0] ?? 'Something went wrong';

/** An error as the Graph API writes it: what went wrong is its `code`, never its status. */
export function graphError(code: ProviderCode, details: string): WireAnswer {
  const [title, status = 400] = KNOWN[Number(code)] ?? [titleOf(code)];
  return {
    status,
    body: {
      error: {
        message: `(#${code}) ${title}`,
        type: 'OAuthException',
        code: Number(code),
        error_data: { messaging_product: 'whatsapp', details },
        fbtrace_id: `A${randomBytes(8).toString('hex')}`,
      },
    },
  };
}

export function refuse(mode: RefusingMode, code: ProviderCode | undefined): WireAnswer {
  switch (mode) {
    case 'down':
      return graphError(2, 'Temporary due to downtime or due to being overloaded. Wait and try again.');
    case 'throttle':
      return graphError(code ?? 130429, 'Message failed to send because there were too many messages sent.');
    case 'auth':
      return graphError(code ?? 190, 'The access token could not be decrypted.');
    case 'reject':
      return graphError(code ?? 131026, 'Message undeliverable.');
  }
}

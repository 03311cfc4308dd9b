import { randomUUID } from 'node:crypto';
import type { ProviderCode } from '../../domain/provider.ts';
import type { RefusingMode, WireAnswer } from '../carrier.ts';

const ERRORS_URL = 'https://developer.vonage.com/api-errors';

interface InvalidParameter {
  readonly name: string;
  readonly reason: string;
}

/** Missing and unusable parameters. */
export const invalid = (code: number, ...parameters: readonly InvalidParameter[]): WireAnswer => ({
  status: 422,
  body: {
    type: `${ERRORS_URL}/messages#${code}`,
    title: 'Invalid params',
    detail: 'The value of one or more parameters is invalid.',
    instance: instance(),
    invalid_parameters: parameters,
  },
});

export const unauthorized = (): WireAnswer => ({
  status: 401,
  body: {
    type: `${ERRORS_URL}#unauthorized`,
    title: 'You did not provide correct credentials.',
    detail: "Check that you're using the correct credentials, and that your account has this feature enabled",
    instance: instance(),
  },
});

/** Errors are problem documents whose `type` ends with the code. Source: https://developer.vonage.com/api-errors/messages, as of 2026-11-21. */
export function refuse(mode: RefusingMode, code: ProviderCode | undefined): WireAnswer {
  switch (mode) {
    case 'down':
      return { status: 503 };
    case 'throttle':
      return problem(429, code ?? 1000, 'Rate Limit Hit', 'Please wait, then retry your request');
    case 'auth':
      return code === undefined ? unauthorized() : problem(401, code, 'Unauthorized', 'Not permitted');
    case 'reject':
      return problem(422, code ?? 1170, 'Invalid or Missing Msisdn Param', 'The `to` parameter is invalid.');
  }
}

function problem(status: number, code: ProviderCode, title: string, detail: string): WireAnswer {
  return { status, body: { type: `${ERRORS_URL}/messages#${code}`, title, detail, instance: instance() } };
}

const instance = () => randomUUID().replaceAll('-', '');

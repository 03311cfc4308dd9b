import { StartupError } from '@watchword/platform';
import { z } from 'zod';

/** `http(s)://host[:port]` of a provider's API, or of the sandbox that stands in for it. */
export const baseUrlVariable = () =>
  z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).transform((url) => url.replace(/\/+$/, ''));

/** What the worker asks for receipts with, and otp checks their signatures against. */
export const receiptVariables = {
  RECEIPTS_URL: baseUrlVariable()
    .optional()
    .describe('Public base URL of the gateway, as providers reach it; without it live providers send no receipts'),
};

/**
 * All of a provider's credentials, or undefined when none is given. A half-given set is refused by name: with it the
 * provider would quietly speak to the sandbox.
 */
export function wholeCredentials<T extends Readonly<Record<string, unknown>>>(
  credentials: T,
  baseUrl: Readonly<Record<string, string | undefined>>,
): { readonly [K in keyof T]: NonNullable<T[K]> } | undefined {
  const names = Object.keys(credentials);
  const missing = names.filter((name) => credentials[name] === undefined);
  if (missing.length === 0) return credentials as { readonly [K in keyof T]: NonNullable<T[K]> };
  const given = [...names, ...Object.keys(baseUrl)].filter(
    (name) => (credentials[name] ?? baseUrl[name]) !== undefined,
  );
  if (given.length === 0) return undefined;
  throw new StartupError(`Configuration: ${given.join(', ')} given without ${missing.join(', ')}.`);
}

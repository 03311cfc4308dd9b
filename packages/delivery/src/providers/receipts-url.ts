import type { Account, Surroundings } from './provider-kind.ts';
import { accountReference } from './receipt.ts';

/**
 * The base URL that an account asks for receipts at; undefined where its provider could not reach it, or where nobody could believe
 * them. `signedBy` is the credential that they are told from forged ones by; the platform's own may be otp's alone.
 */
export function receiptsUrlOf<S, C>(
  account: Account<S, C>,
  { reference, receiptsUrl }: Pick<Surroundings, 'reference' | 'receiptsUrl'>,
  providerUrl: string,
  signedBy: keyof C,
): string | undefined {
  const isOurs = account.mode === 'test' || reference === accountReference('platform');
  return isOurs || account.credentials[signedBy] !== undefined
    ? reachableReceiptsUrl(receiptsUrl, providerUrl)
    : undefined;
}

/** This host, or a name without a dot, which only a container network knows. */
const LOCAL = /^([^.:[\]]+|127(\.\d{1,3}){3}|\[::1\])$/;
const isLocal = (url: string) => LOCAL.test(new URL(url).hostname);

/** Undefined when the provider could not reach it. */
function reachableReceiptsUrl(receiptsUrl: string | undefined, providerUrl: string): string | undefined {
  if (receiptsUrl === undefined || (isLocal(receiptsUrl) && !isLocal(providerUrl))) return undefined;
  return receiptsUrl;
}

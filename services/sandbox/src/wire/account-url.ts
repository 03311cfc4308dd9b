import type { ReceiptProvider } from '@watchword/contracts';

/** The account of a project, as a receipt URL names it. */
const PROJECT_ACCOUNT = /^[a-z0-9_-]{1,64}\.prv_[0-9a-z]{26}$/;

/**
 * Some providers call one URL per account, which a person sets at the provider. Here an account says itself which one: its name
 * in the wire's path (a phone number's id, a tenant) is what its receipt URL ends with; any other name means the platform's own.
 */
export function accountReference(name: string | undefined): string {
  return name !== undefined && PROJECT_ACCOUNT.test(name) ? name : 'platform';
}

/** Undefined when nobody said where the gateway is. */
export function accountUrl(
  receiptsUrl: string | undefined,
  provider: ReceiptProvider,
  reference: string,
): string | undefined {
  return receiptsUrl === undefined ? undefined : `${receiptsUrl}/receipts/${provider}/${reference}`;
}

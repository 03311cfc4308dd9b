import type { Provider, ProviderKind } from '@watchword/contracts';
import { accountReference, kindOf, receiptPath } from '@watchword/delivery';
import type { ProviderDocument } from '@watchword/records';
import { datesOf } from './answers.ts';

/** Kinds that call one URL for all messages of an account, and what follows the account in it. */
const ACCOUNT_URLS = { whatsapp_cloud: '', wati: '.<webhook_secret>' } as const satisfies Partial<
  Record<ProviderKind, string>
>;
const hasAccountUrl = (kind: ProviderKind): kind is keyof typeof ACCOUNT_URLS => kind in ACCOUNT_URLS;

/** What callers see of a provider, and the audit keeps: of credentials only which there are. */
export function toProvider(provider: ProviderDocument, credentialsSet: readonly string[]): Provider {
  const { project, id, kind } = provider;
  return {
    ...datesOf(provider),
    name: provider.name,
    kind,
    mode: provider.mode,
    status: provider.status,
    settings: { ...provider.settings },
    credentials_set: [...credentialsSet],
    cost_micros: { ...provider.cost_micros },
    sends_per_second: provider.sends_per_second,
    channels: [...kindOf(kind).channels],
    receipts_path: hasAccountUrl(kind)
      ? receiptPath(kind, accountReference({ project, id })) + ACCOUNT_URLS[kind]
      : null,
  };
}

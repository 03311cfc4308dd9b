import { CHANNELS, type Channel, type ProviderKind } from '@watchword/contracts';
import {
  createPlatformProviders,
  kindOf,
  type ProviderAdapter,
  type SandboxTokenOf,
  type Surroundings,
  sendsPerSecondOf,
} from '@watchword/delivery';
import type { WorkerConfig } from '../config.ts';

export interface PlatformAccount {
  readonly adapter: ProviderAdapter;
  /** Undefined: no bound. */
  readonly sendsPerSecond: number | undefined;
  /** The first channel that its kind carries. */
  readonly usual: Channel | undefined;
}

export type PlatformAccounts = Readonly<Partial<Record<Channel, readonly PlatformAccount[]>>>;

/** By channel, in order of preference. */
const providersOf = (config: WorkerConfig): Readonly<Record<Channel, readonly ProviderKind[]>> => ({
  sms: config.SMS_PROVIDERS,
  whatsapp: config.WHATSAPP_PROVIDERS,
  email: config.EMAIL_PROVIDERS,
  voice: config.VOICE_PROVIDERS,
  push: config.PUSH_PROVIDERS,
});

/**
 * The platform's own accounts by channel, in order of preference; beside a live account its twin at the sandbox, for test keys.
 * One that carries several channels is made once. Throws a StartupError when a provider has only half of its credentials.
 */
export function createPlatformAccounts(
  config: WorkerConfig,
  surroundings: Omit<Surroundings, 'baseUrl' | 'reference'>,
  sandboxTokenOf: SandboxTokenOf,
): PlatformAccounts {
  const made = new Map<ProviderKind, readonly PlatformAccount[]>();
  function accountsOf(kind: ProviderKind): readonly PlatformAccount[] {
    const known = made.get(kind);
    if (known !== undefined) return known;
    const sendsPerSecond = sendsPerSecondOf(kind, config);
    const [usual] = kindOf(kind).channels;
    const adapters = createPlatformProviders(kind, config, surroundings, sandboxTokenOf);
    const accounts = adapters.map((adapter) => ({ adapter, sendsPerSecond, usual }));
    made.set(kind, accounts);
    return accounts;
  }
  const wanted = providersOf(config);
  const served = CHANNELS.filter((channel) => config.WORKER_CHANNELS.includes(channel));
  return Object.fromEntries(served.map((channel) => [channel, wanted[channel].flatMap(accountsOf)]));
}

/** Each adapter once. */
export const adaptersOf = (accounts: PlatformAccounts): ProviderAdapter[] => [
  ...new Set(Object.values(accounts).flatMap((ofChannel) => ofChannel.map(({ adapter }) => adapter))),
];

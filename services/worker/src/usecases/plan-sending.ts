import { ADDRESS_OF_CHANNEL, type Channel, type DeliveryConfig } from '@watchword/contracts';
import {
  circuitKeyOf,
  circuitOfChannel,
  costOf,
  kindOf,
  type ProjectProvider,
  planProviders,
  type RenderedMessage,
  renderMessage,
  type Wanted,
  weighedProviders,
} from '@watchword/delivery';
import type { ConfigCache } from '@watchword/platform';
import type { Claimed } from '@watchword/verifications';
import type { PlatformAccount } from '../accounts/platform-accounts.ts';
import type { ProjectAccounts } from '../accounts/project-accounts.ts';
import type { Candidate, PlanSending } from '../ports.ts';

export interface PlanSendingDeps {
  readonly cache: Pick<ConfigCache<'delivery'>, 'fresh'>;
  /** The platform's own by channel, primary first; a live account and its sandbox twin have one name and two modes. */
  readonly platform: Readonly<Partial<Record<Channel, readonly PlatformAccount[]>>>;
  readonly accounts: Pick<ProjectAccounts, 'send' | 'expectsReceipt'>;
  /** What part of its weight each of these circuits keeps at present. */
  readonly readQualities: (circuits: readonly string[]) => Promise<ReadonlyMap<string, number>>;
}

/** How old a copy may be that a message is sent by: a provider that is drained gets no message later than this. */
const CONFIG_AGE_MS_MAX = 1_000;

/**
 * Who may send a message, and what it says, as the project has decided. Without a copy of its configuration the platform's own
 * providers and text serve; but when Redis does not say whether there is one, nothing is sent.
 */
export function createPlanSending({ cache, platform, accounts, readQualities }: PlanSendingDeps): PlanSending {
  function ofProject(provider: ProjectProvider, { project, channel, country }: Claimed): Candidate {
    const { id, kind, mode, costMicros, sendsPerSecond } = provider;
    const cost = costOf(costMicros, country);
    return {
      name: kind,
      mode,
      id,
      channel,
      account: id,
      circuit: circuitOf(provider, channel),
      ...(sendsPerSecond === null ? {} : { sendsPerSecond }),
      ...(cost === undefined ? {} : { costMicros: cost }),
      expectsReceipt: () => accounts.expectsReceipt(provider, project),
      send: (message) => accounts.send(provider, project, message),
    };
  }

  async function planOf(config: DeliveryConfig, claim: Claimed, draw: number) {
    const wanted = wantedBy(claim);
    const weighed = weighedProviders(config, wanted).map((provider) => circuitOf(provider, claim.channel));
    const qualities = weighed.length === 0 ? new Map<string, number>() : await readQualities(weighed);
    return planProviders(config, wanted, draw, (provider) => qualities.get(circuitOf(provider, claim.channel)) ?? 1);
  }

  return async function planSending(claim, draw) {
    const { config } = await cache.fresh(claim.project, CONFIG_AGE_MS_MAX);
    const message = writeMessage(config?.templates ?? [], claim);
    const plan = config === null ? null : await planOf(config, claim, draw);
    if (plan === null || plan.source === 'platform') {
      const own = platform[claim.channel]?.filter(({ adapter }) => adapter.mode === claim.mode) ?? [];
      const candidates = own.map((account) => ofPlatform(account, claim.channel));
      return { message, candidates, whyNone: 'no_provider' };
    }
    return { message, candidates: plan.providers.map((provider) => ofProject(provider, claim)), whyNone: 'draining' };
  };
}

const circuitOf = ({ id, kind }: ProjectProvider, channel: Channel) =>
  circuitOfChannel(id, channel, kindOf(kind).channels[0]);

/** An account of the platform's own, as it is called on one of its channels. */
export function ofPlatform({ adapter, sendsPerSecond, usual }: PlatformAccount, channel: Channel): Candidate {
  const account = circuitKeyOf(adapter);
  return {
    name: adapter.name,
    mode: adapter.mode,
    channel,
    account,
    circuit: circuitOfChannel(account, channel, usual),
    ...(sendsPerSecond === undefined ? {} : { sendsPerSecond }),
    expectsReceipt: () => adapter.givesReceipts,
    send: (message) => adapter.send(message),
  };
}

function wantedBy({ channel, mode, country, destination }: Claimed): Wanted {
  const e164 = ADDRESS_OF_CHANNEL[channel] === 'phone' ? destination : '';
  return { channel, mode, country: country === '' ? undefined : country, e164 };
}

function writeMessage(templates: DeliveryConfig['templates'], claim: Claimed): RenderedMessage {
  const { channel, purpose, locale, code, codeTtlMs: ttlMs, variables, binding, autofill } = claim;
  return renderMessage({ channel, purpose, locale, code, ttlMs, variables, binding, autofill, templates });
}

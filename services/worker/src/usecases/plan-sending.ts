import type { ConfiguredChannel, DeliveryConfig } from '@watchword/contracts';
import {
  chooseTemplate,
  circuitKeyOf,
  costOf,
  type ProjectProvider,
  planProviders,
  renderCodeMessage,
  renderTemplate,
  type SmsProvider,
} from '@watchword/delivery';
import type { ConfigCache } from '@watchword/platform';
import type { Claimed } from '@watchword/verifications';
import type { ProjectAccounts } from '../accounts/project-accounts.ts';
import type { Candidate, Message, PlanSending } from '../ports.ts';

export interface PlanSendingDeps {
  readonly channel: ConfiguredChannel;
  readonly cache: Pick<ConfigCache<'delivery'>, 'fresh'>;
  /** The platform's own, primary first; a live account and its sandbox twin have one name and two modes. */
  readonly platform: readonly SmsProvider[];
  readonly accounts: Pick<ProjectAccounts, 'send'>;
}

/** How old a copy may be that a message is sent by: a provider that is drained gets no message later than this. */
const CONFIG_AGE_MS_MAX = 1_000;

/**
 * Who may send a message, and what it says, as the project has decided. Without a copy of its configuration the platform's own
 * providers and text serve; but when Redis does not say whether there is one, nothing is sent.
 */
export function createPlanSending({ channel, cache, platform, accounts }: PlanSendingDeps): PlanSending {
  const ownCandidates = platform.map(toCandidate);

  function ofProject(provider: ProjectProvider, country: string | undefined): Candidate {
    const { id, kind, mode, costMicros } = provider;
    const cost = costOf(costMicros, country);
    return {
      name: kind,
      mode,
      id,
      circuit: id,
      ...(cost === undefined ? {} : { costMicros: cost }),
      send: (message) => accounts.send(provider, message),
    };
  }

  return async function planSending(claim, draw) {
    const { config } = await cache.fresh(claim.project, CONFIG_AGE_MS_MAX);
    const message = writeMessage(config?.templates ?? [], channel, claim);
    const { mode, country, destination: e164 } = claim;
    const plan = config === null ? null : planProviders(config, { channel, mode, country, e164 }, draw);
    if (plan === null || plan.source === 'platform') {
      const candidates = ownCandidates.filter((candidate) => candidate.mode === mode);
      return { message, candidates, whyNone: 'no_provider' };
    }
    const candidates = plan.providers.map((provider) => ofProject(provider, country));
    return { message, candidates, whyNone: 'draining' };
  };
}

const toCandidate = (provider: SmsProvider): Candidate => ({
  name: provider.name,
  mode: provider.mode,
  circuit: circuitKeyOf(provider),
  send: (message) => provider.send(message),
});

function writeMessage(
  templates: DeliveryConfig['templates'],
  channel: ConfiguredChannel,
  { purpose, locale, code, codeTtlMs: ttlMs }: Claimed,
): Message {
  const template = chooseTemplate(templates, { channel, purpose, locale });
  if (template === undefined) return { template: 'shipped', text: renderCodeMessage({ purpose, code, ttlMs }) };
  return { template: template.id, text: renderTemplate(template.text, { purpose, code, ttlMs }) };
}

import { type ChangePolicy, type Channel, type CreatePolicy, POLICIES_MAX } from '@watchword/contracts';
import type { HopContext } from '@watchword/platform';
import type { PolicyDocument } from '@watchword/records';
import { toPolicy } from '../domain/answers.ts';
import { carriedChannels, requireCarried } from '../domain/carried-channels.ts';
import { newId } from '../domain/new-id.ts';
import { canonicalPurpose } from '../domain/purpose.ts';
import { requireEndOfSteps } from '../domain/workflow-steps.ts';
import type { ConfigurationStore } from '../ports.ts';
import { type ChangeResourceDeps, createChangeResource } from './change-resource.ts';

export interface PoliciesDeps extends ChangeResourceDeps {
  readonly configuration: Pick<ConfigurationStore, 'policies' | 'providers'>;
  readonly platformChannels: readonly Channel[];
}

export function createPolicyUseCases({ configuration, platformChannels, ...deps }: PoliciesDeps) {
  const policies = createChangeResource(
    {
      noun: 'policy',
      plural: 'policies',
      most: POLICIES_MAX,
      shelf: configuration.policies,
      toAnswer: toPolicy,
      unique: 'The purpose has a policy already.',
    },
    deps,
  );

  /** A draining provider counts: it comes back. */
  async function requireProviders(project: string, rules: PolicyDocument['rules']): Promise<void> {
    if (rules.workflow === undefined) return;
    requireEndOfSteps(rules);
    const providers = await configuration.providers.ofProject(project);
    requireCarried(rules, carriedChannels(platformChannels, providers));
  }

  return {
    read: policies.read,
    remove: policies.remove,

    createPolicy: ({ purpose, rules }: CreatePolicy, context: HopContext): Promise<PolicyDocument> =>
      policies.create(context, async (now) => {
        const { project } = context;
        await requireProviders(project, rules);
        const dates = { created_at: now, updated_at: now, version: 1 };
        return { id: newId('pol', now), project, purpose: canonicalPurpose(purpose), rules, ...dates };
      }),

    changePolicy: (id: string, { rules }: ChangePolicy, context: HopContext): Promise<PolicyDocument> =>
      policies.change(context, id, async () => {
        await requireProviders(context.project, rules);
        return { rules };
      }),
  };
}

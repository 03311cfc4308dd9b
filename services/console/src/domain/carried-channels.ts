import type { Channel, PolicyRules, ProviderKind } from '@watchword/contracts';
import { carries as kindCarries, kindOf } from '@watchword/delivery';
import { refuseField } from './refusals.ts';

type OfKind = { readonly kind: ProviderKind };

/** Channels that some provider carries: the platform's own, and the project's. */
export function carriedChannels(platform: readonly Channel[], providers: readonly OfKind[]): ReadonlySet<Channel> {
  return new Set([...platform, ...providers.flatMap(({ kind }) => kindOf(kind).channels)]);
}

export const carries = ({ kind }: OfKind, channel: Channel) => kindCarries(kind, channel);

/** Throws `no_route` for the first step of a workflow that nobody carries. */
export function requireCarried({ workflow = [] }: PolicyRules, carried: ReadonlySet<Channel>): void {
  for (const [step, { channel }] of workflow.entries()) {
    if (carried.has(channel)) continue;
    throw refuseField(
      'no_route',
      `/rules/workflow/${step}/channel`,
      `no provider carries ${channel}: add one to the project first`,
    );
  }
}

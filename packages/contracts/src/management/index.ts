import type { ManagedCall } from '../managed-call.ts';
import { AUDIT_CALLS } from './audit.ts';
import { KEY_CALLS } from './keys.ts';
import { LIST_CALLS } from './lists.ts';
import { PAIRING_CALLS } from './pairings.ts';
import { PLATFORM_CALLS } from './platform.ts';
import { POLICY_CALLS } from './policies.ts';
import { PROJECT_CALLS } from './projects.ts';
import { PROVIDER_CALLS } from './providers.ts';
import { ROUTE_CALLS } from './routes.ts';
import { TEMPLATE_CALLS } from './templates.ts';

export * from './audit.ts';
export * from './keys.ts';
export * from './lists.ts';
export * from './paging.ts';
export * from './pairings.ts';
export * from './platform.ts';
export * from './policies.ts';
export * from './projects.ts';
export * from './providers.ts';
export * from './routes.ts';
export * from './templates.ts';

/** Every call of the management API. */
export const MANAGEMENT_CALLS: readonly ManagedCall[] = [
  ...PROJECT_CALLS,
  ...PLATFORM_CALLS,
  ...KEY_CALLS,
  ...POLICY_CALLS,
  ...TEMPLATE_CALLS,
  ...ROUTE_CALLS,
  ...PROVIDER_CALLS,
  ...PAIRING_CALLS,
  ...LIST_CALLS,
  ...AUDIT_CALLS,
];

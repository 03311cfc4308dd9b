import { type Channel, MANAGEMENT_CALLS } from '@watchword/contracts';
import type { HopRoute } from '@watchword/platform';
import type { Sealer } from '@watchword/verifications';
import { auditRoutes } from './http/audit-routes.ts';
import { requireEveryCall } from './http/bind-calls.ts';
import { keyRoutes } from './http/key-routes.ts';
import { listRoutes } from './http/list-routes.ts';
import { pairingRoutes } from './http/pairing-routes.ts';
import { platformRoutes } from './http/platform-routes.ts';
import { policyRoutes } from './http/policy-routes.ts';
import { projectRoutes } from './http/project-routes.ts';
import { providerRoutes } from './http/provider-routes.ts';
import { routeRoutes } from './http/route-routes.ts';
import { templateRoutes } from './http/template-routes.ts';
import type {
  Audit,
  ConfigurationStore,
  KeyUse,
  Pairings,
  PublishedCopies,
  PublishingObserver,
  QuotaSeeds,
  ResolveHost,
} from './ports.ts';
import { createCarryOutChange } from './usecases/carry-out-change.ts';
import { createKeyUseCases } from './usecases/keys.ts';
import { createListUseCases } from './usecases/lists.ts';
import { createEndPairing, createPairingUseCases } from './usecases/pairings.ts';
import { createPlatformUseCases } from './usecases/platform.ts';
import { createPolicyUseCases } from './usecases/policies.ts';
import { createProjectUseCases } from './usecases/projects.ts';
import { createProviderUseCases } from './usecases/providers.ts';
import { createPublishProject } from './usecases/publish-project.ts';
import { createReconcile, type Reconcile } from './usecases/reconcile.ts';
import { createRouteUseCases } from './usecases/routes.ts';
import { createTakeTurns } from './usecases/take-turns.ts';
import { createTemplateUseCases } from './usecases/templates.ts';

export interface ManagementDeps {
  readonly configuration: ConfigurationStore;
  readonly audit: Audit;
  readonly copies: PublishedCopies;
  readonly keyUse: KeyUse;
  readonly quotas: QuotaSeeds;
  readonly pairings: Pairings;
  readonly observer: PublishingObserver;
  readonly sealer: Sealer;
  /** That the platform's own providers carry. */
  readonly platformChannels: readonly Channel[];
  readonly isWhatsAppWebOn: boolean;
  readonly resolveHost: ResolveHost;
  readonly now: () => number;
}

/** The management API over its ports, and the round that puts right what a change left behind. */
export function createManagement(deps: ManagementDeps): { routes: HopRoute[]; reconcile: Reconcile } {
  const { configuration, audit, copies, keyUse, quotas, pairings, observer, sealer, now, ...surroundings } = deps;
  const { platformChannels, isWhatsAppWebOn } = surroundings;
  const endPairing = createEndPairing(pairings, now);
  const takeTurns = createTakeTurns();
  const publishProject = createPublishProject({ configuration, copies, now, observer });
  const carryOutChange = createCarryOutChange({ configuration, audit, publishProject, now });
  const changing = { carryOutChange, takeTurns, now };

  const projects = createProjectUseCases({ configuration, publishProject, endPairing, ...changing });
  const { ensureRootProject, requireProject } = projects;
  const platform = createPlatformUseCases({ configuration, ensureRootProject, ...changing });
  const keys = createKeyUseCases({ shelf: configuration.keys, requireProject, ...changing });
  const policies = createPolicyUseCases({ configuration, platformChannels, ...changing });
  const providers = createProviderUseCases({ ...surroundings, configuration, sealer, endPairing, ...changing });
  const pairing = createPairingUseCases({ pairings, isWhatsAppWebOn, readProvider: providers.read, ...changing });
  const lists = createListUseCases({ shelf: configuration.lists, sealer, ...changing });
  const routes = createRouteUseCases({ configuration, ...changing });
  const templates = createTemplateUseCases({ shelf: configuration.templates, ...changing });

  const bound = [
    ...projectRoutes(projects, configuration),
    ...platformRoutes(platform, configuration),
    ...keyRoutes({ useCases: keys, configuration, keyUse, now }),
    ...policyRoutes(policies, configuration),
    ...templateRoutes(templates, configuration),
    ...routeRoutes(routes, configuration),
    ...providerRoutes(providers, configuration),
    ...pairingRoutes(pairing),
    ...listRoutes(lists, configuration),
    ...auditRoutes(audit),
  ];
  requireEveryCall(MANAGEMENT_CALLS, bound);
  return {
    routes: bound,
    reconcile: createReconcile({ configuration, copies, quotas, publishProject, ensureRootProject, observer, now }),
  };
}

import { MANAGEMENT_CALLS, type ManagedCall } from '@watchword/contracts';

/** Ids of what a project has, by resource. */
export type Things = Readonly<Record<string, string>>;

export interface CallCase {
  /** Of the id in the path. */
  readonly of?: keyof typeof RESOURCES | 'plan' | 'project';
  readonly body?: (things: Things) => object;
  /** Whose object the call names: another project's is 404 to it. The platform's calls see every project. */
  readonly belongs: 'project' | 'platform';
}

/** A life of each resource of a project. */
export const RESOURCES = {
  provider: {
    path: '/v1/providers',
    create: () => ({ name: 'Sandbox', kind: 'twilio', mode: 'test' }),
    change: () => ({ cost_micros: { '*': 7_500 } }),
    changed: { cost_micros: { '*': 7_500 } },
  },
  policy: {
    path: '/v1/policies',
    create: () => ({ purpose: 'login', rules: { checks_max: 5, workflow: [{ channel: 'sms' }] } }),
    change: () => ({ rules: { checks_max: 4 } }),
    changed: { rules: { checks_max: 4 } },
  },
  template: {
    path: '/v1/templates',
    create: () => ({ purpose: 'login', locale: 'de', text: 'Ihr Code: {{code}}' }),
    change: () => ({ text: 'Code: {{code}}' }),
    changed: { text: 'Code: {{code}}' },
  },
  route: {
    path: '/v1/routes',
    create: ({ provider }: Things) => ({ match: 'GB', providers: [{ provider }] }),
    change: ({ provider }: Things) => ({ providers: [{ provider, weight: 5 }] }),
    changed: {},
  },
  list: {
    path: '/v1/lists',
    create: () => ({ name: 'Blocked', kind: 'block', entries: ['+447900000001'] }),
    change: () => ({ add: ['+447900000002'] }),
    changed: { size: 2 },
  },
  key: {
    path: '/v1/keys',
    create: () => ({ name: 'Shop', mode: 'test', scopes: ['verifications:read'] }),
    change: () => ({ name: 'Till' }),
    changed: { name: 'Till' },
  },
} as const;

type Resource = keyof typeof RESOURCES;

const create = (of: Resource): CallCase => ({ belongs: 'project', body: RESOURCES[of].create });
const change = (of: Resource): CallCase => ({ belongs: 'project', of, body: RESOURCES[of].change });
const one = (of: Resource, body?: CallCase['body']): CallCase => ({
  belongs: 'project',
  of,
  ...(body ? { body } : {}),
});
const list: CallCase = { belongs: 'project' };

/** How each call is made rightly. A call that is not here fails the tour. */
export const CASES: Readonly<Record<string, CallCase>> = {
  createProject: { belongs: 'platform', body: () => ({ name: 'Another' }) },
  listProjects: { belongs: 'platform' },
  readProject: { belongs: 'platform', of: 'project' },
  changeProject: { belongs: 'platform', of: 'project', body: () => ({ limits: { user_sends_per_minute: 7 } }) },
  deleteProject: { belongs: 'platform', of: 'project' },
  readOwnProject: list,
  changeOwnProject: { belongs: 'project', body: () => ({ pause: { countries: ['GB'] } }) },
  createPlan: { belongs: 'platform', body: () => ({ name: 'Small', monthly_sends: 100 }) },
  listPlans: { belongs: 'platform' },
  readPlan: { belongs: 'platform', of: 'plan' },
  changePlan: { belongs: 'platform', of: 'plan', body: () => ({ monthly_sends: 200 }) },
  deletePlan: { belongs: 'platform', of: 'plan' },
  readPlatform: { belongs: 'platform' },
  changePlatform: { belongs: 'platform', body: () => ({ pause: { all: false } }) },
  createKey: create('key'),
  listKeys: list,
  readKey: one('key'),
  changeKey: change('key'),
  rotateKey: one('key', () => ({ overlap_seconds: 60 })),
  revokeKey: one('key'),
  createPolicy: create('policy'),
  listPolicies: list,
  readPolicy: one('policy'),
  changePolicy: change('policy'),
  deletePolicy: one('policy'),
  createTemplate: create('template'),
  listTemplates: list,
  readTemplate: one('template'),
  changeTemplate: change('template'),
  deleteTemplate: one('template'),
  previewTemplate: one('template', () => ({})),
  createRoute: create('route'),
  listRoutes: list,
  readRoute: one('route'),
  changeRoute: change('route'),
  deleteRoute: one('route'),
  simulateRoute: { belongs: 'project', body: () => ({ to: '+447900000001' }) },
  createProvider: create('provider'),
  listProviders: list,
  readProvider: one('provider'),
  changeProvider: change('provider'),
  deleteProvider: one('provider'),
  drainProvider: one('provider', () => ({})),
  enableProvider: one('provider', () => ({})),
  pairProvider: one('provider', () => ({})),
  readPairing: one('provider'),
  unpairProvider: one('provider'),
  createList: create('list'),
  listLists: list,
  readList: one('list'),
  readListEntries: one('list'),
  changeList: change('list'),
  deleteList: one('list'),
  listAudit: list,
};

/** Every call with its case. */
export const TOUR: readonly (readonly [string, ManagedCall, CallCase | undefined])[] = MANAGEMENT_CALLS.map(
  (call) => [call.operationId, call, CASES[call.operationId]] as const,
);

export const pathOf = ({ path }: ManagedCall, { of }: CallCase, things: Things): string =>
  of === undefined ? path : path.replace(':id', things[of] ?? '');

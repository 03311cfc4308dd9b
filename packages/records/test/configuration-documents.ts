import type {
  ApiKeyDocument,
  PolicyDocument,
  ProjectDocument,
  ProviderDocument,
} from '../src/collections/configuration.ts';

export const NOW = 1_700_000_000_000;
export const dated = { created_at: NOW, updated_at: NOW, version: 1 };

export const projectOf = (id: string, changes: Partial<ProjectDocument> = {}): ProjectDocument => ({
  id,
  name: 'Test',
  status: 'active',
  plan: null,
  limits: { project_sends_per_hour: null, user_sends_per_minute: 3, ip_sends_per_hour: null },
  pause: { all: false, countries: [] },
  sms_countries: null,
  retention_days: null,
  config_epoch: 0,
  unpublished_since: null,
  ...dated,
  ...changes,
});

export const policyOf = (id: string, changes: Partial<PolicyDocument> = {}): PolicyDocument => ({
  id,
  project: 'p-1',
  purpose: id,
  rules: { checks_max: 5, workflow: [{ channel: 'sms' }] },
  ...dated,
  ...changes,
});

export const providerOf = (id: string, changes: Partial<ProviderDocument> = {}): ProviderDocument => ({
  id,
  project: 'p-1',
  name: id,
  kind: 'twilio',
  mode: 'test',
  status: 'enabled',
  settings: { from: '+15005550006' },
  credentials: Buffer.from([1, 0, 255]),
  seal_key: 1,
  cost_micros: { '*': 7_500 },
  sends_per_second: null,
  ...dated,
  ...changes,
});

export const keyOf = (id: string, changes: Partial<ApiKeyDocument> = {}): ApiKeyDocument => ({
  id,
  project: 'p-1',
  name: 'Key',
  hash: id,
  hint: 'ww_test_',
  mode: 'test',
  scopes: ['platform'],
  expires_at: null,
  revoked_at: null,
  replaced_by: null,
  created_by: 'root',
  ...dated,
  ...changes,
});

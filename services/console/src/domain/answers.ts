import type { ApiKey, AuditEntry, List, Plan, Platform, Policy, Project, Route, Template } from '@watchword/contracts';
import type {
  ApiKeyDocument,
  AuditDocument,
  ListDocument,
  PlanDocument,
  PlatformSettingsDocument,
  PolicyDocument,
  ProjectDocument,
  RouteDocument,
  TemplateDocument,
} from '@watchword/records';

// What callers get to see of a document. The same goes into the audit, so nothing here may be secret.

interface Dated {
  readonly id: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly version: number;
}

export const timeOf = (ms: number) => new Date(ms).toISOString();
const timeOrNull = (ms: number | null) => (ms === null ? null : timeOf(ms));

export const datesOf = ({ id, created_at, updated_at, version }: Dated) => ({
  id,
  created_at: timeOf(created_at),
  updated_at: timeOf(updated_at),
  version,
});

export const toProject = (project: ProjectDocument): Project => ({
  ...datesOf(project),
  name: project.name,
  status: project.status,
  plan: project.plan,
  limits: project.limits,
  pause: project.pause,
  sms_countries: project.sms_countries === null ? null : [...project.sms_countries],
  retention_days: project.retention_days,
});

export const toPlan = (plan: PlanDocument): Plan => ({
  ...datesOf(plan),
  name: plan.name,
  monthly_sends: plan.monthly_sends,
});

export const toPlatform = (settings: PlatformSettingsDocument): Platform => ({
  ...datesOf(settings),
  pause: settings.pause,
});

/** @param lastUsedAt ms */
export function toApiKey(key: ApiKeyDocument, now: number, lastUsedAt?: number): ApiKey {
  const isExpired = key.expires_at !== null && key.expires_at <= now;
  return {
    ...datesOf(key),
    project: key.project,
    name: key.name,
    hint: key.hint,
    mode: key.mode,
    scopes: [...key.scopes],
    status: key.revoked_at !== null ? 'revoked' : isExpired ? 'expired' : 'valid',
    expires_at: timeOrNull(key.expires_at),
    revoked_at: timeOrNull(key.revoked_at),
    replaced_by: key.replaced_by,
    created_by: key.created_by,
    last_used_at: timeOrNull(lastUsedAt ?? null),
  };
}

export const toPolicy = (policy: PolicyDocument): Policy => ({
  ...datesOf(policy),
  purpose: policy.purpose,
  rules: policy.rules,
});

export const toTemplate = (template: TemplateDocument): Template => ({
  ...datesOf(template),
  purpose: template.purpose,
  channel: template.channel,
  locale: template.locale,
  text: template.text,
  subject: template.subject,
  html: template.html,
});

export const toRoute = (route: RouteDocument): Route => ({
  ...datesOf(route),
  channel: route.channel,
  match: route.match,
  providers: route.providers.map((entry) => ({ ...entry })),
});

/** Without its entries, which are whole numbers. */
export const toList = (list: ListDocument): List => ({
  ...datesOf(list),
  name: list.name,
  kind: list.kind,
  size: list.size,
});

export const toAuditEntry = (entry: AuditDocument): AuditEntry => ({
  id: entry.id,
  at: timeOf(entry.at),
  actor: entry.actor,
  action: entry.action,
  resource: entry.resource,
  resource_id: entry.resource_id,
  before: entry.before,
  after: entry.after,
  request_id: entry.request_id,
});

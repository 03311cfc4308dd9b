import type { Pause } from '@watchword/contracts';
import type { ConfigParts } from '@watchword/platform';
import type {
  ApiKeyDocument,
  KeptProject,
  ListDocument,
  PolicyDocument,
  ProviderDocument,
  RouteDocument,
  TemplateDocument,
} from './collections/configuration.ts';

/** All that a project's copy is made from. */
export interface ConfiguredProject {
  readonly project: KeptProject;
  readonly monthlySends: number | null;
  /** The platform's own. */
  readonly pause: Pause;
  readonly keys: readonly ApiKeyDocument[];
  readonly policies: readonly PolicyDocument[];
  readonly lists: readonly ListDocument[];
  readonly providers: readonly ProviderDocument[];
  readonly routes: readonly RouteDocument[];
  readonly templates: readonly TemplateDocument[];
}

/** The copy that the services read. What is sealed stays sealed. */
export function toConfigParts(configured: ConfiguredProject): ConfigParts {
  const { project, monthlySends, pause, keys, policies, lists, providers, routes, templates } = configured;
  return {
    access: {
      isSuspended: project.status !== 'active',
      keys: keys.map(({ id, hash, mode, scopes, expires_at: expiresAt }) => ({
        id,
        hash,
        mode,
        scopes: [...scopes],
        expiresAt,
      })),
      limits: project.limits,
      monthlySends,
    },
    sending: {
      policies: Object.fromEntries(policies.map(({ purpose, rules }) => [purpose, rules])),
      pause: {
        all: pause.all || project.pause.all,
        countries: [...new Set([...pause.countries, ...project.pause.countries])],
      },
      smsCountries: project.sms_countries === null ? null : [...project.sms_countries],
      lists: lists.map(({ id, kind, entries }) => ({ id, kind, entries: entries.toString('base64') })),
    },
    delivery: {
      providers: providers.map((provider) => ({
        id: provider.id,
        name: provider.name,
        kind: provider.kind,
        mode: provider.mode,
        isDraining: provider.status === 'draining',
        settings: provider.settings,
        credentials: provider.credentials.toString('base64'),
        costMicros: provider.cost_micros,
        sendsPerSecond: provider.sends_per_second,
      })),
      routes: routes.map(({ id, channel, match, providers: routed }) => ({
        id,
        channel,
        match,
        providers: routed.map((entry) => ({ ...entry })),
      })),
      templates: templates.map(({ id, purpose, channel, locale, version, text, subject, html }) => ({
        id,
        purpose,
        channel,
        locale,
        version,
        text,
        subject,
        html,
      })),
    },
  };
}

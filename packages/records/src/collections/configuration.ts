import type { Channel, Limits, Mode, Pause, PolicyRules, ProviderKind, Scope } from '@watchword/contracts';
import { bytes, type DocumentOf, defineCollection, integer, json, optional, text } from '../collection.ts';

// What was decided. `version` grows with each change: who changes a document names the version they read.

const dated = { created_at: integer(), updated_at: integer(), version: integer() };

export const plans = defineCollection('plans', {
  name: text(),
  /** Sends in a calendar month (UTC); null = as many as you like. */
  monthly_sends: optional(integer()),
  ...dated,
});

export const projects = defineCollection(
  'projects',
  {
    name: text(),
    /** `deleted`: only its emptied copy is still seen to. */
    status: text<'active' | 'suspended' | 'deleted'>(),
    plan: optional(text()),
    limits: json<Limits>(),
    pause: json<Pause>(),
    /** Null = everywhere. */
    sms_countries: optional(json<readonly string[]>()),
    retention_days: optional(integer()),
    /** Of the newest copy that was made or is being made. */
    config_epoch: integer(),
    /** Set before something of the project changes, cleared once its copy holds the change: what is left over is to be published. */
    unpublished_since: optional(integer()),
    ...dated,
  },
  [['unpublished_since'], ['plan']],
);

export const apiKeys = defineCollection(
  'api_keys',
  {
    project: text(),
    name: text(),
    /** SHA-256 of the key, hex. */
    hash: text(),
    /** Its first characters, to know it by. */
    hint: text(),
    mode: text<Mode>(),
    scopes: json<readonly Scope[]>(),
    expires_at: optional(integer()),
    revoked_at: optional(integer()),
    /** The key that took its place, while both are valid. */
    replaced_by: optional(text()),
    created_by: text(),
    ...dated,
  },
  [['project', 'created_at']],
  [['hash']],
);

export const policies = defineCollection(
  'policies',
  { project: text(), purpose: text(), rules: json<PolicyRules>(), ...dated },
  [['project']],
  [['project', 'purpose']],
);

export const templates = defineCollection(
  'templates',
  {
    project: text(),
    /** A purpose, or `*`. */
    purpose: text(),
    channel: text<Channel>(),
    /** BCP 47, or `*`. */
    locale: text(),
    text: text(),
    /** Of an e-mail, and the title of a push message; null = the shipped one. */
    subject: optional(text()),
    /** Of an e-mail; null = made of the text. */
    html: optional(text()),
    ...dated,
  },
  [['project']],
  [['project', 'purpose', 'channel', 'locale']],
);

export interface RoutedProvider {
  readonly provider: string;
  readonly weight?: number | undefined;
}

export const routes = defineCollection(
  'routes',
  {
    project: text(),
    channel: text<Channel>(),
    /** A country, a number prefix such as `+4479`, or `*`. */
    match: text(),
    providers: json<readonly RoutedProvider[]>(),
    ...dated,
  },
  [['project']],
  [['project', 'channel', 'match']],
);

export const providers = defineCollection(
  'providers',
  {
    project: text(),
    name: text(),
    kind: text<ProviderKind>(),
    mode: text<Mode>(),
    status: text<'enabled' | 'draining'>(),
    settings: json<Readonly<Record<string, string>>>(),
    /** Sealed JSON of the secret settings, and the id of its key. */
    credentials: bytes(),
    seal_key: integer(),
    cost_micros: json<Readonly<Record<string, number>>>(),
    /** Messages that it may get in a second; null = as many as there are. */
    sends_per_second: optional(integer()),
    ...dated,
  },
  [['project'], ['seal_key']],
  [['project', 'name']],
);

export const lists = defineCollection(
  'lists',
  {
    project: text(),
    name: text(),
    kind: text<'allow' | 'block'>(),
    /** Sealed JSON of destinations and prefixes, and the id of its key. */
    entries: bytes(),
    seal_key: integer(),
    size: integer(),
    ...dated,
  },
  [['project'], ['seal_key']],
  [['project', 'name']],
);

export const webhooks = defineCollection(
  'webhooks',
  {
    project: text(),
    url: text(),
    event_types: json<readonly string[]>(),
    status: text<'enabled' | 'disabled'>(),
    /** Sealed, and the id of its key. */
    secret: bytes(),
    seal_key: integer(),
    ...dated,
  },
  [['project'], ['seal_key']],
);

/** What holds for all projects. One document, whose id is `platform`. */
export const platformSettings = defineCollection('platform_settings', { pause: json<Pause>(), ...dated });

export const audit = defineCollection(
  'audit',
  {
    /** Null for what concerns the platform. */
    project: optional(text()),
    /** `key_…`, `usr_…`, `root`, or `command`. */
    actor: text(),
    /** E.g. `policy.change`. */
    action: text(),
    resource: text(),
    resource_id: text(),
    /** Without secrets: what is sealed says only that it changed. */
    before: optional(json()),
    after: optional(json()),
    request_id: text(),
    at: integer(),
  },
  [['project', 'at'], ['at'], ['project', 'resource_id', 'at']],
);

export type PlanDocument = DocumentOf<typeof plans>;
/** A project as it is kept: also one that is nobody's any more. */
export type KeptProject = DocumentOf<typeof projects>;
export type ProjectDocument = KeptProject & { readonly status: 'active' | 'suspended' };
export type ApiKeyDocument = DocumentOf<typeof apiKeys>;
export type PolicyDocument = DocumentOf<typeof policies>;
export type TemplateDocument = DocumentOf<typeof templates>;
export type RouteDocument = DocumentOf<typeof routes>;
export type ProviderDocument = DocumentOf<typeof providers>;
export type ListDocument = DocumentOf<typeof lists>;
export type PlatformSettingsDocument = DocumentOf<typeof platformSettings>;
export type AuditDocument = DocumentOf<typeof audit>;

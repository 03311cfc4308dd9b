import { z } from 'zod';
import { CHANNELS, workflowSchema } from './channels.ts';
import { MODES } from './hop.ts';
import { SCOPES } from './scopes.ts';

/**
 * What a project has decided, as the services on the way of a send read it: copies in Redis of what the console keeps in
 * the database, in parts so that each service reads its own. One epoch covers them all; it grows with each change.
 *
 * What is null or missing has the platform's default, which the reading service knows.
 */
export const CONFIG_PARTS = ['access', 'sending', 'delivery'] as const;
export type ConfigPart = (typeof CONFIG_PARTS)[number];

/** The project that the root key (`API_KEY`) belongs to. It is there before a database is. */
export const ROOT_PROJECT = 'default';
export const ROOT_KEY_ID = 'root';

/** ISO 3166-1 alpha-2, or a calling code (`+1`) where a number does not tell which of several countries it is of. */
export const countrySchema = z
  .string()
  .regex(/^([A-Z]{2}|\+\d{1,3})$/, 'must be two capital letters (ISO 3166-1), or a calling code such as +1');

const limit = z.int().min(0).max(1_000_000_000);
export const limitsSchema = z
  .strictObject({
    project_sends_per_hour: limit.nullable().describe('0 = no limit; null = the platform’s default'),
    user_sends_per_minute: limit.nullable().describe('Per `client.user_id`, when the caller gives one; 0 = no limit'),
    ip_sends_per_hour: limit.nullable().describe('Per `client.ip`, when the caller gives one; 0 = no limit'),
  })
  .meta({ id: 'Limits' });
export type Limits = z.infer<typeof limitsSchema>;

export const pauseSchema = z
  .strictObject({
    all: z.boolean().describe('Nothing is sent; checks go on'),
    countries: z.array(countrySchema).max(300).describe('Nothing is sent to these'),
  })
  .meta({ id: 'Pause' });
export type Pause = z.infer<typeof pauseSchema>;

/** How codes of one purpose behave. */
export const policyRulesSchema = z
  .strictObject({
    code_length: z.int().min(6).max(10).optional().describe('Characters of a code'),
    code_alphabet: z.enum(['digits', 'alphanumeric']).optional().describe('`alphanumeric` leaves out look-alikes'),
    code_ttl_seconds: z.int().min(30).max(600).optional(),
    checks_max: z.int().min(1).max(10).optional().describe('Checks per verification, over all its codes'),
    sends_max: z.int().min(1).max(100).optional().describe('Codes per destination and purpose in the window'),
    sends_window_seconds: z.int().min(1).max(86_400).optional(),
    pacing_seconds: z
      .array(z.int().min(0).max(86_400))
      .min(1)
      .max(20)
      .optional()
      .describe('Waits after the 1st, 2nd … code; the last one repeats'),
    resend_mode: z
      .enum(['overlap', 'rotate'])
      .optional()
      .describe('`overlap`: the last 3 codes stay valid; `rotate`: only the last'),
    workflow: workflowSchema.optional(),
    on_unknown: z
      .enum(['resend', 'wait'])
      .optional()
      .describe(
        'When nobody knows whether a provider took a message: `resend` by the next one, or `wait` for a receipt, which prefers one message too few to one too many',
      ),
  })
  .meta({ id: 'PolicyRules' });
export type PolicyRules = z.infer<typeof policyRulesSchema>;

/** For the gateway. */
export const accessConfigSchema = z.object({
  isSuspended: z.boolean(),
  keys: z.array(
    z.object({
      id: z.string(),
      /** SHA-256 of the key, hex. */
      hash: z.string(),
      mode: z.enum(MODES),
      scopes: z.array(z.enum(SCOPES)),
      /** Milliseconds since the epoch. */
      expiresAt: z.int().nullable(),
    }),
  ),
  limits: limitsSchema,
  /** Sends in a calendar month (UTC); null = as many as you like. */
  monthlySends: z.int().nullable(),
});
export type AccessConfig = z.infer<typeof accessConfigSchema>;

/** For otp. */
export const sendingConfigSchema = z.object({
  /** By purpose. */
  policies: z.record(z.string(), policyRulesSchema),
  /** The platform's own switch is in it. */
  pause: pauseSchema,
  /** Countries that a live SMS may go to; null = everywhere. */
  smsCountries: z.array(countrySchema).nullable(),
  lists: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(['allow', 'block']),
      /** Sealed JSON of destinations and prefixes (`+4479*`), base64; bound to the list's id, field `entries`. */
      entries: z.base64(),
    }),
  ),
});
export type SendingConfig = z.infer<typeof sendingConfigSchema>;

export const PROVIDER_KINDS = [
  'twilio',
  'vonage',
  'vonage_messages',
  'whatsapp_cloud',
  'wati',
  'smtp',
  'fcm',
  'baileys',
] as const;
export type ProviderKind = (typeof PROVIDER_KINDS)[number];

/** For the worker, and for otp to tell whether a receipt is genuine. */
export const deliveryConfigSchema = z.object({
  providers: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      kind: z.enum(PROVIDER_KINDS),
      /** A `test` provider is that kind's wire in the sandbox. */
      mode: z.enum(MODES),
      isDraining: z.boolean(),
      /** Public settings, by the kind's own schema. */
      settings: z.record(z.string(), z.string()),
      /** Sealed JSON of the kind's secret settings, base64; bound to the provider's id, field `credentials`. */
      credentials: z.base64(),
      /** Millionths of the platform's currency for one message: by country, `*` for all others. */
      costMicros: z.record(z.string(), z.int()),
      /** Messages per second that it may get, from all workers together; null = as many as there are. */
      sendsPerSecond: z.int().nullable().default(null),
    }),
  ),
  routes: z.array(
    z.object({
      id: z.string(),
      channel: z.enum(CHANNELS),
      /** A country, a number prefix such as `+4479`, or `*`; the longest prefix wins, then the country. */
      match: z.string(),
      /** In order of preference; weights share the traffic among those that have one. */
      providers: z.array(z.object({ provider: z.string(), weight: z.int().min(0).max(1000).optional() })),
    }),
  ),
  templates: z.array(
    z.object({
      id: z.string(),
      /** A purpose, or `*`. */
      purpose: z.string(),
      channel: z.enum(CHANNELS),
      /** BCP 47, lower case language; `*` for any. */
      locale: z.string(),
      version: z.int(),
      text: z.string(),
      /** Of an e-mail, and the title of a push message. */
      subject: z.string().nullable().default(null),
      /** Of an e-mail, beside its text; null = made of the text. */
      html: z.string().nullable().default(null),
    }),
  ),
});
export type DeliveryConfig = z.infer<typeof deliveryConfigSchema>;

export const CONFIG_SCHEMAS = {
  access: accessConfigSchema,
  sending: sendingConfigSchema,
  delivery: deliveryConfigSchema,
} as const satisfies Record<ConfigPart, z.ZodType>;

import { z } from 'zod';
import { ADDRESS_KINDS, CHANNELS, STEPS_MAX, workflowSchema } from './channels.ts';

export const VERIFICATION_STATUSES = ['pending', 'approved', 'expired', 'exhausted', 'canceled', 'blocked'] as const;
export type VerificationStatus = (typeof VERIFICATION_STATUSES)[number];

export const DELIVERY_STATUSES = [
  'queued',
  'sending',
  'accepted',
  'delivered',
  'read',
  'undelivered',
  'failed',
  'unknown',
  'expired_unsent',
  'skipped',
] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

export const CHECK_RESULTS = [
  'approved',
  'incorrect',
  'expired',
  'exhausted',
  'already_approved',
  'binding_mismatch',
  'canceled',
  'blocked',
] as const;
export type CheckResult = (typeof CHECK_RESULTS)[number];

const ADDRESS_CHARACTERS_MAX = 512;

export const destinationSchema = z
  .string()
  .min(1)
  .max(ADDRESS_CHARACTERS_MAX)
  .describe('E.164 phone number, e.g. `+14155550123`, e-mail address, or device token of a push service');

/** Beside each other, when the channels of a verification need more than one. */
export const addressesSchema = z
  .strictObject({
    phone: z.string().max(32).optional().describe('E.164, e.g. `+14155550123`'),
    email: z.string().max(254).optional(),
    device_token: z.string().min(1).max(ADDRESS_CHARACTERS_MAX).optional(),
  })
  .refine((given) => ADDRESS_KINDS.some((kind) => given[kind] !== undefined), 'must have at least one of them')
  .meta({ id: 'Addresses', minProperties: 1 });
const purpose = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/, 'must be lower-case letters, digits and _, at most 32')
  .describe('`login`, `registration` (alias `verification`), `password_reset`, `transaction`, or your own');
export const bindingSchema = z
  .record(z.string().min(1).max(64), z.string().max(256))
  .refine((fields) => Object.keys(fields).length <= 10, 'must have at most 10 fields')
  .meta({ maxProperties: 10 })
  .describe('What the code is bound to, e.g. amount and payee; the check must repeat it exactly');
const code = z
  .string()
  .regex(/^[A-Za-z0-9]{4,12}$/, 'must be 4 to 12 letters or digits')
  .describe('The code as the user typed it; letters in any case');

export const localeSchema = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, 'must be a BCP 47 language tag')
  .describe('BCP 47 language tag, e.g. `en` or `pt-BR`');

export const variablesSchema = z
  .record(z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, 'must be lower-case letters, digits and _'), z.string().max(128))
  .refine((fields) => Object.keys(fields).length <= 10, 'must have at most 10 fields')
  .meta({ maxProperties: 10 })
  .describe('What the project’s templates show as `{{variables.name}}`');

export const autofillSchema = z.strictObject({
  domain: z
    .string()
    .max(253)
    .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, 'must be a domain name')
    .optional()
    .describe('WebOTP: an SMS ends with `@domain #code`'),
  app_hash: z
    .string()
    .regex(/^[A-Za-z0-9+/]{11}$/, 'must be the 11 characters of the app’s hash')
    .optional()
    .describe('Android’s SMS Retriever: an SMS ends with the app’s hash'),
});

export const openVerificationSchema = z
  .strictObject({
    to: z.union([destinationSchema, addressesSchema], { error: 'must be a destination, or an object of them by kind' }),
    channel: z
      .enum(CHANNELS)
      .optional()
      .describe('Without it, `channels` and `workflow`: the workflow of the policy, else the usual one of `to`'),
    channels: z
      .array(z.enum(CHANNELS))
      .min(1)
      .max(STEPS_MAX)
      .refine((given) => new Set(given).size === given.length, 'must name each channel once')
      .optional()
      .describe('All at once, with one code'),
    workflow: workflowSchema.optional(),
    purpose: purpose.default('login'),
    locale: localeSchema.optional(),
    client: z
      .strictObject({
        ip: z.union([z.ipv4(), z.ipv6()]).optional(),
        user_agent: z.string().max(512).optional(),
        device_id: z.string().max(128).optional(),
        user_id: z.string().max(128).optional(),
      })
      .optional()
      .describe('The end user as the caller sees them'),
    binding: bindingSchema.optional(),
    variables: variablesSchema.optional(),
    autofill: autofillSchema.optional(),
    metadata: z
      .record(z.string().min(1).max(64), z.string().max(128))
      .refine((fields) => Object.keys(fields).length <= 10, 'must have at most 10 fields')
      .meta({ maxProperties: 10 })
      .optional(),
  })
  .superRefine((body, context) => {
    const ways = (['channel', 'channels', 'workflow'] as const).filter((way) => body[way] !== undefined);
    for (const way of ways.slice(1)) {
      context.addIssue({ code: 'custom', path: [way], message: `cannot stand beside ${ways[0]}` });
    }
  })
  .meta({ id: 'OpenVerification' });

export const checkVerificationSchema = z
  .strictObject({ code, binding: bindingSchema.optional() })
  .meta({ id: 'CheckVerification' });

export const checkDestinationSchema = z
  .strictObject({ to: destinationSchema, purpose: purpose.default('login'), code, binding: bindingSchema.optional() })
  .meta({ id: 'CheckDestination' });

export const resendVerificationSchema = z
  .strictObject({
    channel: z.enum(CHANNELS).optional().describe('Without it, as the verification was opened'),
  })
  .meta({ id: 'ResendVerification' });

export const cancelVerificationSchema = z.strictObject({}).meta({ id: 'CancelVerification' });

export const verificationParamsSchema = z.object({
  id: z.string().max(64).describe('`ver_` and 26 characters'),
});

const timestamp = z.iso.datetime().describe('RFC 3339, UTC');

const deliverySchema = z
  .object({
    id: z.string().describe('`del_…`'),
    channel: z.enum(CHANNELS),
    to_masked: z.string(),
    status: z.enum(DELIVERY_STATUSES),
  })
  .meta({ id: 'Delivery' });

/** What `open` and `resend` answer (202). Never the code. */
export const acceptedVerificationSchema = z
  .object({
    id: z.string(),
    status: z.enum(VERIFICATION_STATUSES),
    deliveries: z.array(deliverySchema),
    expires_at: timestamp,
    resend_at: timestamp.describe('When another code may be sent'),
    sends_remaining: z.int(),
    checks_remaining: z.int(),
  })
  .meta({ id: 'AcceptedVerification' });

export const verificationSchema = z
  .object({
    id: z.string(),
    status: z.enum(VERIFICATION_STATUSES),
    purpose: z.string(),
    undeliverable: z.boolean().describe('No provider took the last code, on any of its channels'),
    deliveries: z.array(deliverySchema),
    created_at: timestamp,
    expires_at: timestamp,
    ended_at: timestamp.optional(),
    checks_remaining: z.int(),
    locale: z.string().optional(),
    metadata: z.record(z.string(), z.string()).optional(),
  })
  .meta({ id: 'Verification' });

export const judgedCheckSchema = z
  .object({
    valid: z.boolean(),
    result: z.enum(CHECK_RESULTS),
    status: z.enum(VERIFICATION_STATUSES),
    checks_remaining: z.int(),
    token: z
      .string()
      .optional()
      .describe('With `approved`: the approval token, a JWT that any service verifies with `/.well-known/jwks.json`'),
  })
  .meta({ id: 'JudgedCheck' });

export type OpenVerification = z.infer<typeof openVerificationSchema>;
export type CheckVerification = z.infer<typeof checkVerificationSchema>;
export type CheckDestination = z.infer<typeof checkDestinationSchema>;
export type ResendVerification = z.infer<typeof resendVerificationSchema>;
export type AcceptedVerification = z.infer<typeof acceptedVerificationSchema>;
export type Verification = z.infer<typeof verificationSchema>;
export type JudgedCheck = z.infer<typeof judgedCheckSchema>;

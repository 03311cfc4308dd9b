import { z } from 'zod';

export const CHANNELS = ['sms'] as const;
export type Channel = (typeof CHANNELS)[number];

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

export const destinationSchema = z.string().max(320).describe('E.164 phone number, e.g. `+14155550123`');
const purpose = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/, 'must be lower-case letters, digits and _, at most 32')
  .describe('`login`, `registration` (alias `verification`), `password_reset`, `transaction`, or your own');
const binding = z
  .record(z.string().min(1).max(64), z.string().max(256))
  .refine((fields) => Object.keys(fields).length <= 10, 'must have at most 10 fields')
  .meta({ maxProperties: 10 })
  .describe('What the code is bound to, e.g. amount and payee; the check must repeat it exactly');
const code = z
  .string()
  .regex(/^[A-Za-z0-9]{4,12}$/, 'must be 4 to 12 letters or digits')
  .describe('The code as the user typed it; letters in any case');

export const openVerificationSchema = z
  .strictObject({
    to: destinationSchema,
    channel: z.enum(CHANNELS).default('sms'),
    purpose: purpose.default('login'),
    locale: z
      .string()
      .max(35)
      .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, 'must be a BCP 47 language tag')
      .optional()
      .describe('BCP 47 language tag, e.g. `en` or `pt-BR`'),
    client: z
      .strictObject({
        ip: z.union([z.ipv4(), z.ipv6()]).optional(),
        user_agent: z.string().max(512).optional(),
        device_id: z.string().max(128).optional(),
        user_id: z.string().max(128).optional(),
      })
      .optional()
      .describe('The end user as the caller sees them'),
    binding: binding.optional(),
    metadata: z
      .record(z.string().min(1).max(64), z.string().max(128))
      .refine((fields) => Object.keys(fields).length <= 10, 'must have at most 10 fields')
      .meta({ maxProperties: 10 })
      .optional(),
  })
  .meta({ id: 'OpenVerification' });

export const checkVerificationSchema = z
  .strictObject({ code, binding: binding.optional() })
  .meta({ id: 'CheckVerification' });

export const checkDestinationSchema = z
  .strictObject({ to: destinationSchema, purpose: purpose.default('login'), code, binding: binding.optional() })
  .meta({ id: 'CheckDestination' });

export const resendVerificationSchema = z
  .strictObject({ channel: z.enum(CHANNELS).optional() })
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
    undeliverable: z.boolean().describe('No provider took the last message'),
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

import { z } from 'zod';

/** Providers that tell later what became of an attempt. */
export const RECEIPT_PROVIDERS = ['twilio', 'vonage'] as const;
export type ReceiptProvider = (typeof RECEIPT_PROVIDERS)[number];

/**
 * What a receipt says, in our words. Each outranks those before it: `accepted` and `sent` only prove that the provider took
 * the message, and `delivered` is believed whatever was said before.
 */
export const RECEIPT_STATUSES = ['accepted', 'sent', 'undelivered', 'delivered', 'read'] as const;
export type ReceiptStatus = (typeof RECEIPT_STATUSES)[number];

/** `att_`, its verification's 26 characters, and the ordinals of delivery and attempt. */
export const ATTEMPT_ID_PATTERN = /^att_([0-9a-hjkmnp-tv-z]{26})-([1-9]\d{0,3})-([1-9]\d{0,3})$/;

/** A provider's call as it arrived at the gateway, for otp, which alone can tell whether it is genuine. */
export const receiptCallSchema = z.strictObject({
  method: z.enum(['GET', 'POST']),
  query: z.string().describe('As it arrived, without its question mark'),
  contentType: z.string(),
  twilioSignature: z.string().describe('`X-Twilio-Signature`; empty without one'),
  body: z.base64().describe('The bytes as they arrived'),
});
export type ReceiptCall = z.infer<typeof receiptCallSchema>;

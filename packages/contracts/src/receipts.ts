import { z } from 'zod';

/** Providers that tell later what became of an attempt. */
export const RECEIPT_PROVIDERS = ['twilio', 'vonage', 'vonage_messages', 'whatsapp_cloud', 'wati'] as const;
export type ReceiptProvider = (typeof RECEIPT_PROVIDERS)[number];

/**
 * What a receipt says, in our words. Each outranks those before it: `accepted` and `sent` only prove that the provider took
 * the message, and `delivered` is believed whatever was said before.
 */
export const RECEIPT_STATUSES = ['accepted', 'sent', 'undelivered', 'delivered', 'read'] as const;
export type ReceiptStatus = (typeof RECEIPT_STATUSES)[number];

/** `att_`, its verification's 26 characters, and the ordinals of delivery and attempt. */
export const ATTEMPT_ID_PATTERN = /^att_([0-9a-hjkmnp-tv-z]{26})-([1-9]\d{0,3})-([1-9]\d{0,3})$/;

/** Headers that a provider's proof of itself stands in. */
export const RECEIPT_HEADERS = ['authorization', 'x-hub-signature-256', 'x-twilio-signature'] as const;

/** A provider's call as it arrived at the gateway, for otp, which alone can tell whether it is genuine. */
export const receiptCallSchema = z.strictObject({
  method: z.enum(['GET', 'POST']),
  query: z.string().describe('As it arrived, without its question mark'),
  contentType: z.string(),
  headers: z.partialRecord(z.enum(RECEIPT_HEADERS), z.string()),
  body: z.base64().describe('The bytes as they arrived'),
});
export type ReceiptCall = z.infer<typeof receiptCallSchema>;

/**
 * What follows the provider's name in a receipt URL: the attempt that it tells of; or, for providers that call one URL per
 * account, the account (a project's and its provider's id, or `platform`), with a secret behind it where nothing else proves
 * who calls: `default.prv_….secret`.
 */
export const RECEIPT_REFERENCE_PATTERN =
  /^(att_[0-9a-hjkmnp-tv-z]{26}-[1-9]\d{0,3}-[1-9]\d{0,3}|([a-z0-9_-]{1,64}\.prv_[0-9a-z]{26}|platform)(\.[A-Za-z0-9_-]{16,64})?)$/;

/** What otp says of a call: what came of each receipt in it, or the word that the provider wants to hear. */
export const receiptAnswerSchema = z.union([
  z.object({ results: z.array(z.string()) }),
  z.object({ challenge: z.string().describe('To be answered as plain text') }),
]);
export type ReceiptAnswer = z.infer<typeof receiptAnswerSchema>;

import { tableOf } from '../verdict.ts';

/**
 * `messages[].status` of Vonage's SMS API in our words; 0 is acceptance. Codes change meaning: keep the date.
 * Source: https://developer.vonage.com/en/messaging/sms/guides/troubleshooting-sms, as of 2026-11-20. 9 is a lack of
 * credit. Receipts have a table of their own.
 */
export const VONAGE_SMS_STATUSES = tableOf({
  destination: [6, 7, 33],
  configuration: [2, 3, 4, 8, 9, 11, 12, 14, 15, 22, 23, 29, 32],
  transient: [1, 5, 10],
});

/**
 * `err-code` of a delivery receipt, by whose fault it is that a message which Vonage had taken did not arrive: 2 and 7 are a
 * handset that is off or busy for now, which a repetition may reach and which tells nothing against Vonage; 6 and 10 are filters
 * of the carrier, 11 a route that Vonage lacks. 1 and 99 say nothing. Source: the same guide, as of 2026-11-20.
 */
export const VONAGE_DLR_CODES = tableOf({
  destination: [2, 3, 4, 5, 7, 9, 12, 13, 14],
  content: [6, 10],
  configuration: [11],
  transient: [8],
});

import { tableOf } from '../verdict.ts';

/**
 * `messages[].status` of Vonage's SMS API in our words; 0 is acceptance. Codes change meaning: keep the date.
 * Source: https://developer.vonage.com/en/messaging/sms/guides/troubleshooting-sms, as of 2026-11-20. 9 is a lack of
 * credit. Receipts have another table.
 */
export const VONAGE_SMS_STATUSES = tableOf({
  destination: [6, 7, 33],
  configuration: [2, 3, 4, 8, 9, 11, 12, 14, 15, 22, 23, 29, 32],
  transient: [1, 5, 10],
});

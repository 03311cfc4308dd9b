import { tableOf } from '../verdict.ts';

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** One message per 6 s to one number from one number. */
export const PAIR_RATE_CODE = '131056';

/**
 * Error codes of the WhatsApp Cloud API in our words, in answers and in receipts alike. Codes change meaning: keep the date.
 * Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes, as of 2026-11-20.
 * 0 and 190 are the access token, 3, 10 and 200–299 its permissions, 131042 billing, 132001 a template that is not there in
 * this language, 132015 and 132016 one that is paused or disabled. 131026 is a number that WhatsApp cannot reach, 131049
 * one that Meta chose not to send to. 131048 is Meta's limit for senders whose messages are taken for spam: slow down.
 */
export const WHATSAPP_CODES = tableOf({
  destination: [130472, 131021, 131026, 131049],
  configuration: [
    0, 3, 10, 33, 100, 190, 368, 131005, 131008, 131009, 131031, 131042, 131045, 131047, 131051, 132000, 132001, 132005,
    132007, 132012, 132015, 132016, 133010,
  ].concat(range(200, 299)),
  transient: [1, 2, 4, 80007, 130429, 131000, 131016, 131048, 131056, 133004],
});

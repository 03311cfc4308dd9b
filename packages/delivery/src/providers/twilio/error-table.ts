import { tableOf } from '../verdict.ts';

/**
 * Twilio's error codes for messages and calls in our words. Codes change meaning: keep the date.
 * Source: Twilio's error and warning dictionary (https://www.twilio.com/docs/api/errors), as of 2026-11-21.
 * 20003 (auth) is ours to mend: another provider may still deliver. 30450 is Twilio's SMS-pumping block. 30036: the
 * validity period ended before a carrier took it. 30023: the account's cap for the day. 30003: the handset was out of reach.
 * Of calls are 132xx, 21210, 21215, 21216 and 10004 (too many calls at once); 21215 and 13227 are a country that the account
 * may not call, 21216 and 13225 a number that nobody may.
 */
export const TWILIO_CODES = tableOf({
  destination: [
    13223, 13224, 13225, 13226, 21211, 21214, 21216, 21217, 21265, 21610, 21612, 21614, 21635, 30003, 30004, 30005,
    30006, 63003, 63024,
  ],
  configuration: [
    13227, 20003, 20005, 20006, 20404, 21210, 21212, 21215, 21266, 21408, 21602, 21603, 21606, 21608, 21617, 21654,
    21655, 21656, 21659, 21701, 21703, 21704, 21705, 30002, 30007, 30018, 30023, 30024, 30032, 30034, 30035, 63016,
  ],
  transient: [10004, 20429, 20500, 20503, 21611, 30001, 30008, 30017, 30022, 30036, 30410, 63017, 63018],
  fraud: [30450],
});

import { fieldOf, textOf } from '../json-fields.ts';
import { tableOf, type Verdict } from '../verdict.ts';

/**
 * Error codes of Vonage's Messages API in our words: the number behind the `#` of an answer's `type`, and the `title` of a
 * receipt's error. Codes change meaning: keep the date. Source: https://developer.vonage.com/en/api-errors/messages, as of
 * 2026-11-21. 1070 is a lack of credit; 1250 and 1251 a route that Vonage lacks, so another provider may deliver; 147x is
 * Vonage's own fraud defence. 1320, 1330 and 1360 (its `ttl` ran out) leave open whether the message went: nothing may be sent
 * on the strength of them.
 */
const CODES = {
  destination: [1040, 1050, 1170, 1190, 1200, 1240, 1260, 1270, 1280, 1290, 1300, 1310, 1430, 1461],
  configuration: [
    1010, 1020, 1022, 1060, 1070, 1080, 1110, 1120, 1130, 1140, 1150, 1160, 1210, 1250, 1251, 1340, 1400, 1410, 1420,
    1440, 1450, 1460, 1480, 1481, 1482, 1483, 1484,
  ],
  transient: [1000, 1030, 1100, 1180, 1220, 1230, 1241, 1331],
  content: [1090, 1282],
  fraud: [1470, 1472, 1473],
  unknown: [1320, 1330, 1360],
} as const;
export const VONAGE_MESSAGES_CODES = tableOf(CODES);

/**
 * The same in a receipt, where a verdict says by whose fault a message that Vonage had taken did not arrive: 1180 and 1220 are a
 * handset that is off or busy for now, and 1210 is a carrier's anti-spam filter, none of them Vonage's. (The SMS API's receipts
 * are read alike.)
 */
export const VONAGE_MESSAGES_RECEIPT_CODES: ReadonlyMap<string, Verdict> = new Map([
  ...VONAGE_MESSAGES_CODES,
  ['1180', 'destination'],
  ['1220', 'destination'],
  ['1210', 'content'],
]);

/** Errors that all of Vonage's APIs share have words behind the `#`. Source: https://developer.vonage.com/en/api-errors */
export const VONAGE_ERROR_WORDS: ReadonlyMap<string, Verdict> = new Map([
  ['low-balance', 'configuration'],
  ['unauthorized', 'configuration'],
  ['forbidden', 'configuration'],
  ['unprovisioned', 'configuration'],
  ['account-suspended', 'configuration'],
  ['invalid-api-key', 'configuration'],
  ['invalid-signature', 'configuration'],
  ['jwt-expired', 'configuration'],
  ['jwt-revoked', 'configuration'],
  ['throttled', 'transient'],
]);

/**
 * The code of a problem (RFC 9457): the number behind the `#` of its `type`, else a `title` that is one, else a word of the shared
 * errors. Some receipts wrap theirs in another `error`. Undefined when there is none: other text may quote the message.
 */
export function codeOfError(problem: unknown): string | undefined {
  const inner = fieldOf(problem, 'error');
  if (typeof inner === 'object' && inner !== null) return codeOfError(inner);
  const type = fieldOf(problem, 'type');
  const word = typeof type === 'string' ? type.slice(type.lastIndexOf('#') + 1) : '';
  const isCode = /^[1-9]\d{3}$/.test(word) || VONAGE_ERROR_WORDS.has(word);
  if (isCode) return word;
  const title = textOf(fieldOf(problem, 'title'));
  return /^[1-9]\d{3}$/.test(title) ? title : undefined;
}

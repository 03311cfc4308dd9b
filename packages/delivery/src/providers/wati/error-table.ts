import type { Verdict } from '../verdict.ts';

/**
 * What WATI's refusals mean. It has no error codes of its own, but HTTP statuses and a sentence; the sentence is read for what
 * it tells of, and never kept, since it may quote the message. Statuses change meaning: keep the date.
 * Source: https://docs.wati.io/v2.2/reference/errors, as of 2026-11-20; the words of a 400, 404 or `result: false` are those
 * that callers report.
 */
export const WATI_REFUSALS = {
  authentication_failed: {
    verdict: 'configuration',
    meaning: 'WATI API authentication failed: the access token is wrong or was replaced',
  },
  permission_denied: {
    verdict: 'configuration',
    meaning: 'WATI refuses the access token this call: its permissions do not cover templates',
  },
  template_not_found: {
    verdict: 'configuration',
    meaning: 'WATI template not found: the account has none of this name',
  },
  resource_not_found: {
    verdict: 'configuration',
    meaning: 'WATI has nothing at this URL: base_url or api_version is wrong',
  },
  template_not_approved: {
    verdict: 'configuration',
    meaning: 'WATI has the template, but WhatsApp has not approved it, or has paused it',
  },
  template_mismatch: {
    verdict: 'configuration',
    meaning: 'The WATI template has other placeholders than the setting `parameter` names',
  },
  quota_exceeded: { verdict: 'configuration', meaning: 'The WATI account has no credit or quota left' },
  invalid_whatsapp_number: { verdict: 'destination', meaning: 'The number has no WhatsApp' },
  request_refused: { verdict: 'configuration', meaning: 'WATI refused the message and gave no reason that is known' },
} as const satisfies Readonly<Record<string, { verdict: Verdict; meaning: string }>>;
export type WatiRefusal = keyof typeof WATI_REFUSALS;

const STATUSES: Readonly<Record<number, WatiRefusal>> = {
  401: 'authentication_failed',
  403: 'permission_denied',
  404: 'resource_not_found',
};

/** The first that fits: what is said of a template comes before the words that both have. */
const SENTENCES: readonly (readonly [RegExp, WatiRefusal])[] = [
  [/template.{0,80}(not (been )?approved|unapproved|is (pending|rejected|paused|disabled))/is, 'template_not_approved'],
  [/template.{0,80}(not (found|exist|available)|n['’]t exist|is missing)|no (such )?template/is, 'template_not_found'],
  [/(parameter|placeholder|variable).{0,80}(mismatch|not match|missing|required|invalid|count)/is, 'template_mismatch'],
  [/quota|credit|balance|insufficient|(plan|message|messaging) limit/is, 'quota_exceeded'],
  [/(invalid|not (a )?valid|wrong).{0,40}(number|phone)|not (a |on )?whatsapp/is, 'invalid_whatsapp_number'],
];

/** What a refusal is, by what is said where the status alone does not tell. Undefined: neither does. */
export function refusalOf(statusCode: number, sentence: string): WatiRefusal | undefined {
  if (statusCode >= 500 || statusCode === 429) return undefined;
  const bySentence = SENTENCES.find(([pattern]) => pattern.test(sentence))?.[1];
  // Of what is not there only a template is told of; what else such an answer says is a web server's.
  if (statusCode === 404 && bySentence === 'template_not_found') return bySentence;
  return STATUSES[statusCode] ?? bySentence;
}

/** In words for a person, for logs. */
export const watiMeaningOf = (code: string): string | undefined =>
  Object.hasOwn(WATI_REFUSALS, code) ? WATI_REFUSALS[code as WatiRefusal].meaning : undefined;

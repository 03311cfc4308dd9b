/** What lets a phone fill in the code of an SMS by itself. */
export interface Autofill {
  readonly domain?: string | undefined;
  readonly app_hash?: string | undefined;
}

/**
 * The last lines of an SMS: the hash of an Android app (SMS Retriever), then `@domain #code`, which must be the very last
 * (WebOTP; https://wicg.github.io/sms-one-time-codes/).
 */
export function autofillLines({ domain, app_hash }: Autofill, code: string): string {
  const lines = [
    ...(app_hash === undefined ? [] : [app_hash]),
    ...(domain === undefined ? [] : [`@${domain} #${code}`]),
  ];
  return lines.map((line) => `\n${line}`).join('');
}

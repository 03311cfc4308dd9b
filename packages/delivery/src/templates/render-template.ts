import { inOneLine } from './escaping.ts';
import { isPlaceholder, PLACEHOLDER, type TemplatePlaceholder, variableIn } from './placeholders.ts';
import { namePurpose } from './purpose-words.ts';

/** What a message is made of, beside its template. */
export interface MessageValues {
  readonly purpose: string;
  /** As this medium shows it. */
  readonly code: string;
  /** The code's whole life. */
  readonly ttlMs: number;
  readonly variables?: Readonly<Record<string, string>> | undefined;
  /** What the code is bound to; `amount` and `payee` have placeholders. */
  readonly binding?: Readonly<Record<string, string>> | undefined;
}

/**
 * The text of one message. Values are put in once: braces in a value are shown as they are, and a name that is not known stays
 * as it is written. A value that the caller did not give is nothing. `{{purpose}}` is in English; `{{ttl_minutes}}` is rounded
 * down, since a text must not promise more life than the code has, and is 1 for a code that lives for less than a minute.
 *
 * @param escape of each value, for a medium where it could be more than text; it is told where the placeholder stands
 */
export function renderTemplate(
  text: string,
  { code, purpose, ttlMs, variables = {}, binding = {} }: MessageValues,
  escape: (value: string, position: number) => string = (value) => value,
): string {
  const seconds = Math.max(1, Math.floor(ttlMs / 1000));
  const own = (of: Readonly<Record<string, string>>, name: string) =>
    Object.hasOwn(of, name) ? inOneLine(of[name] ?? '') : '';
  const values: Readonly<Record<TemplatePlaceholder, string>> = {
    code,
    otp: code,
    ttl_minutes: String(Math.max(1, Math.floor(seconds / 60))),
    ttl_seconds: String(seconds),
    purpose: namePurpose(purpose),
    amount: own(binding, 'amount'),
    payee: own(binding, 'payee'),
  };
  return text.replace(PLACEHOLDER, (written: string, spaced: string, position: number) => {
    const name = spaced.trim();
    const variable = variableIn(name);
    if (variable !== undefined) return escape(own(variables, variable), position);
    return isPlaceholder(name) ? escape(values[name], position) : written;
  });
}

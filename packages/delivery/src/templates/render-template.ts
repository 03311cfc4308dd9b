import type { CodeMessage } from './code-message.ts';
import { isPlaceholder, PLACEHOLDER, type TemplatePlaceholder } from './placeholders.ts';
import { namePurpose } from './purpose-words.ts';

/**
 * The text of one message. Values are put in once: braces in a value are shown as they are, and a name that is not known stays
 * as it is written. `{{purpose}}` is in English; `{{ttl_minutes}}` is rounded down, since a text must not promise more life
 * than the code has, and is 1 for a code that lives for less than a minute.
 */
export function renderTemplate(text: string, { code, purpose, ttlMs }: CodeMessage): string {
  const seconds = Math.max(1, Math.floor(ttlMs / 1000));
  const values: Readonly<Record<TemplatePlaceholder, string>> = {
    code,
    otp: code,
    ttl_minutes: String(Math.max(1, Math.floor(seconds / 60))),
    ttl_seconds: String(seconds),
    purpose: namePurpose(purpose),
  };
  return text.replace(PLACEHOLDER, (written: string, name: string) => (isPlaceholder(name) ? values[name] : written));
}

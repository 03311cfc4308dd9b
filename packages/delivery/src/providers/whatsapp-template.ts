import { z } from 'zod';

/** The name of a template at WhatsApp, as each of its resellers wants it too. */
export const templateName = z
  .string()
  .regex(/^[a-z0-9_]{1,512}$/, 'must be the name of a template: lower-case letters, digits and _');

const LOCALE = '[a-z]{2,3}(_[A-Z]{2})?';
export const templateLocales = z
  .string()
  .regex(new RegExp(`^${LOCALE}(,${LOCALE})*$`), 'must be language codes by commas, e.g. en_US,es,pt_BR')
  .optional()
  .describe('The languages that it is approved in, by commas; the first is for all others. Usually en_US');

export const readTemplateLocales = (given = 'en_US'): readonly string[] => given.split(',');

/**
 * Which of a template's languages a message goes out in: its own, else another of the same language (`pt` before `pt_BR`),
 * else the first. `locale` is a BCP 47 tag, the languages are Meta's codes (`en_US`, `es`).
 */
export function chooseTemplateLocale(locale: string, languages: readonly string[]): string {
  const wanted = locale.replaceAll('-', '_').toLowerCase();
  const [language] = wanted.split('_');
  const known = languages.map((code) => ({ code, lower: code.toLowerCase() }));
  const found =
    known.find(({ lower }) => lower === wanted) ??
    known.find(({ lower }) => lower === language) ??
    known.find(({ lower }) => lower.startsWith(`${language}_`));
  return found?.code ?? languages[0] ?? 'en_US';
}

import { ar } from './ar.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';
import { hi } from './hi.ts';
import { id } from './id.ts';
import { pt } from './pt.ts';
import type { Wording } from './wording.ts';

const WORDINGS = { en, es, pt, fr, de, id, hi, ar } as const satisfies Record<string, Wording>;
export type ShippedLanguage = keyof typeof WORDINGS;
export const SHIPPED_LANGUAGES = Object.keys(WORDINGS) as readonly ShippedLanguage[];

const USUAL = 'en';

/** The language of a tag, if texts in it are shipped, else English. `in` is an old name of Indonesian. */
export function shippedLanguageOf(locale: string | undefined): ShippedLanguage {
  const [language] = (locale ?? USUAL).toLowerCase().split('-');
  const known = language === 'in' ? 'id' : language;
  return SHIPPED_LANGUAGES.find((one) => one === known) ?? USUAL;
}

export const wordingOf = (language: ShippedLanguage): Wording => WORDINGS[language];

import { refuseField } from './refusals.ts';

/** A tag in its one spelling (BCP 47): `PT-br` is `pt-BR`; `*` stays. Throws `invalid_request`. */
export function canonicalLocale(locale: string): string {
  if (locale === '*') return locale;
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? locale;
  } catch {
    // A RangeError: it has the form of a tag and is none, e.g. with a part twice.
    throw refuseField('invalid_request', '/locale', 'must be a BCP 47 language tag such as pt-BR, or *');
  }
}

import { expect, test } from 'vitest';
import { chooseTemplateLocale } from './whatsapp-template.ts';

const languages = ['en_US', 'es', 'es_MX', 'pt_BR', 'zh_CN'];

test.each([
  ['es', 'es'],
  ['es-MX', 'es_MX'],
  ['es-mx', 'es_MX'],
  ['es-AR', 'es'],
  ['pt', 'pt_BR'],
  ['pt-PT', 'pt_BR'],
  ['zh-Hant-TW', 'zh_CN'],
  ['en', 'en_US'],
  ['fil', 'en_US'],
  ['fr', 'en_US'],
  ['', 'en_US'],
])('a message in “%s” goes out in the template’s %s', (locale, code) => {
  expect(chooseTemplateLocale(locale, languages)).toBe(code);
});

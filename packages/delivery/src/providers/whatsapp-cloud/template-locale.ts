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

import { escapeHtml } from './escaping.ts';

/** Languages that are written from right to left. */
const FROM_RIGHT: ReadonlySet<string> = new Set([
  'ar',
  'arc',
  'ckb',
  'dv',
  'fa',
  'he',
  'ks',
  'ps',
  'sd',
  'ug',
  'ur',
  'yi',
]);

const directionOf = (locale: string): 'rtl' | 'ltr' =>
  FROM_RIGHT.has(locale.toLowerCase().split('-')[0] ?? '') ? 'rtl' : 'ltr';

export interface HtmlPage {
  /** A BCP 47 tag. */
  readonly locale: string;
  readonly title: string;
  /** HTML. */
  readonly body: string;
}

const BODY_STYLE = 'margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff';

/** An e-mail that every reader shows: no scripts, pictures or links, and styles in place, which some strip elsewhere. */
export function pageOf({ locale, title, body }: HtmlPage): string {
  const root = `<html lang="${escapeHtml(locale)}" dir="${directionOf(locale)}">`;
  const head = `<head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>`;
  return `<!doctype html>\n${root}${head}<body style="${BODY_STYLE}">${body}</body></html>\n`;
}

/** Plain text as HTML: an empty line ends a paragraph, each other one a line. */
export function paragraphsOf(text: string): string {
  const paragraphs = text.trim().split(/(?:\r?\n){2,}/);
  return paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph).replace(/\r?\n/g, '<br>')}</p>`).join('');
}

/** A place in HTML that cannot be made safe by escaping. */
export interface UnsafePlace {
  /** In UTF-16 units, from 0. */
  readonly position: number;
  readonly detail: string;
}

const FORBIDDEN = /<\s*(script|iframe|object|embed|form|base|meta\s+http-equiv)\b/gi;

/**
 * Elements that no e-mail should have, and placeholders where an escaped value could still be more than text: in a tag without
 * quotes around it, at the beginning of an address (`javascript:…`), in a style, a handler or a comment.
 */
export function unsafePlaces(html: string): UnsafePlace[] {
  const forbidden = Array.from(html.matchAll(FORBIDDEN), ({ 1: name = '', index: position }) => ({
    position,
    detail: `must not have <${name.toLowerCase()}>: e-mail readers do not show it`,
  }));
  return [...forbidden, ...unsafePlaceholders(html)].toSorted((left, right) => left.position - right.position);
}

/** One piece of HTML after the other: a comment, a style sheet, a tag, or the text between them. */
const PIECES =
  /<!--[\s\S]*?(?:-->|$)|<style\b[\s\S]*?(?:<\/style\s*>|$)|<[a-z/!](?:"[^"]*"|'[^']*'|[^"'>])*(?:>|$)|<|[^<]+/gi;
const QUOTED = /=\s*("[^"]*"|'[^']*')/g;
const STYLE_OR_HANDLER = /[\s"'/](?:style|on[a-z]+)\s*=\s*(?:"[^"]*\{\{|'[^']*\{\{)/i;
const ADDRESS = /\b(?:href|src|action|background|formaction)\s*=\s*["']\s*\{\{/i;

function unsafePlaceholders(html: string): UnsafePlace[] {
  const found: UnsafePlace[] = [];
  for (const { 0: piece, index: position } of html.matchAll(PIECES)) {
    const isNamedByValue = piece === '<' && html.startsWith('{{', position + 1);
    if (!isNamedByValue && !(piece.startsWith('<') && piece.includes('{{'))) continue;
    if (/^<(!--|style\b)/i.test(piece) || STYLE_OR_HANDLER.test(piece)) {
      found.push({ position, detail: 'must not have placeholders in a style, a handler or a comment' });
    } else if (ADDRESS.test(piece)) {
      found.push({ position, detail: 'must not begin an address with a placeholder' });
    } else if (isNamedByValue || piece.replace(QUOTED, '=').includes('{{')) {
      found.push({ position, detail: 'must have quotes around a placeholder in a tag' });
    }
  }
  return found;
}

/** A place in HTML that cannot be made safe by escaping. */
export interface UnsafePlace {
  /** In UTF-16 units, from 0. */
  readonly position: number;
  readonly detail: string;
}

const FORBIDDEN = /<\s*(script|iframe|object|embed|form|base|meta\s+http-equiv)\b/gi;

/** One piece of HTML after the other: a comment, a style sheet, a tag, or the text between them. */
const PIECES =
  /<!--(?:-?>|[\s\S]*?(?:--!?>|$))|<style(?=[\s/>])[\s\S]*?(?:<\/style(?=[\s/>])|$)|<[a-z/!](?:"[^"]*(?:"|$)|'[^']*(?:'|$)|[^"'>])*(?:>|$)|<|[^<]+/gi;
const COMMENT_OR_STYLE = /^<(?:!--|style[\s/>])/i;
/** Of a tag: name, and the value between double quotes, single quotes, or none. */
const ATTRIBUTES = /(?<![^\s"'<>/=])([^\s"'<>/=]+)\s*=\s*(?:"([^"]*)(?:"|$)|'([^']*)(?:'|$)|([^\s"'>][^\s>]*))/g;
const STYLE_OR_HANDLER = /^(?:style|on[a-z]+)$/i;
const ADDRESS = /\b(?:href|src|action|background|formaction)$/i;

const SCHEMES: readonly string[] = ['https', 'http', 'mailto', 'tel'];
const SCHEME_CHARACTERS_MAX = 20;

/**
 * Elements that no e-mail should have, addresses that lead to no page, mailbox or phone, and placeholders where an escaped value
 * could still be more than text: in a tag without quotes around it, in an address where they say whose it is, in a style, a
 * handler or a comment.
 */
export function unsafePlaces(html: string): UnsafePlace[] {
  const forbidden = Array.from(html.matchAll(FORBIDDEN), ({ 1: name = '', index: position }) => ({
    position,
    detail: `must not have <${name.toLowerCase()}>: e-mail readers do not show it`,
  }));
  const found = [...forbidden, ...unsafePlaceholders(html), ...unsafeAddresses(html)];
  return found.toSorted((left, right) => left.position - right.position);
}

function unsafePlaceholders(html: string): UnsafePlace[] {
  const found: UnsafePlace[] = [];
  for (const { 0: piece, index: position } of html.matchAll(PIECES)) {
    const isNamedByValue = piece === '<' && html.startsWith('{{', position + 1);
    if (!isNamedByValue && !(piece.startsWith('<') && piece.includes('{{'))) continue;
    if (COMMENT_OR_STYLE.test(piece) || attributesOf(piece).some(isStyleOrHandlerOfValue)) {
      found.push({ position, detail: 'must not have placeholders in a style, a handler or a comment' });
    } else if (isNamedByValue || piece.replace(ATTRIBUTES, withoutQuoted).includes('{{')) {
      found.push({ position, detail: 'must have quotes around a placeholder in a tag' });
    }
  }
  return found;
}

const isStyleOrHandlerOfValue = ({ name, value }: Attribute) => STYLE_OR_HANDLER.test(name) && value.includes('{{');

const withoutQuoted = (written: string, name: string, double?: string, single?: string) =>
  double === undefined && single === undefined ? written : name;

function unsafeAddresses(html: string): UnsafePlace[] {
  return addressesIn(html).flatMap(({ attribute, value, position }) => {
    const detail = problemOf(attribute, value);
    return detail === undefined ? [] : [{ position, detail }];
  });
}

/** Readers leave them out before they look at an address. */
const BLANKS = /[\p{Cc}\s]+/gu;
const BEHIND_SCHEME = /[:/?#]/;
/** Its group is the host of an address, as readers find it: with and without a scheme, whatever slashes there are. */
const HOST = /^(?:https?:[/\\]*|[/\\]{2,})([^/\\?#]*)/i;
/** A value there would say whose address it is. */
const ENDS_WITH_PLACEHOLDER = /\}\}(?::\d*)?$/;

/** A scheme must be legible: no placeholder in it, and no character reference, which hides one from whoever looks. */
function problemOf(attribute: string, address: string): string | undefined {
  const plain = address.replace(BLANKS, '');
  const end = plain.search(BEHIND_SCHEME);
  const beginning = end < 0 ? plain : plain.slice(0, end);
  if (beginning.includes('{{')) return `must not begin the address in ${attribute} with a placeholder`;
  if (beginning.includes('&')) return `must not begin the address in ${attribute} with a character reference`;
  if (ENDS_WITH_PLACEHOLDER.test(HOST.exec(plain)?.[1] ?? '')) {
    return `must not end the host of the address in ${attribute} with a placeholder`;
  }
  if (plain[end] !== ':' || SCHEMES.includes(beginning.toLowerCase())) return undefined;
  const found = beginning.slice(0, SCHEME_CHARACTERS_MAX);
  return `must not have the scheme ${found} in the address in ${attribute}, only ${SCHEMES.join(', ')}`;
}

/** The value of an attribute that leads elsewhere, or loads something. */
export interface Address {
  /** `href`, `src` … */
  readonly attribute: string;
  readonly value: string;
  /** Of the value, in the HTML. */
  readonly position: number;
}

/** Where HTML leads, and what it loads, in the order in which that is written. */
export function addressesIn(html: string): Address[] {
  return Array.from(html.matchAll(PIECES)).flatMap(({ 0: piece, index }) => {
    if (!piece.startsWith('<') || COMMENT_OR_STYLE.test(piece)) return [];
    return attributesOf(piece).flatMap(({ name, value, position }) => {
      const [attribute] = ADDRESS.exec(name) ?? [];
      return attribute === undefined ? [] : [{ attribute: attribute.toLowerCase(), value, position: index + position }];
    });
  });
}

interface Attribute {
  readonly name: string;
  readonly value: string;
  /** Of the value, in the tag. */
  readonly position: number;
}

function attributesOf(tag: string): Attribute[] {
  return Array.from(tag.matchAll(ATTRIBUTES), ({ 0: written, 1: name = '', 2: double, 3: single, 4: bare, index }) => {
    const value = double ?? single ?? bare ?? '';
    return { name, value, position: index + written.lastIndexOf(value) };
  });
}

import type { Address } from './html-places.ts';

/** A value that somebody else wrote takes no more room than this in a message, in characters. */
const VALUE_CHARACTERS_MAX = 128;

/** What breaks lines, or changes the order in which the text around it is read. */
const UNRULY = /[\p{Cc}\u2028-\u202E\u2066-\u2069]+/gu;

/** Begins an encoded word (RFC 2047), which mail readers decode in a subject: what it hides would pass all that is looked at here. */
const ENCODED_WORD = /=(?=\?)/g;

/** A value in one line of plain text, which it can neither break nor turn around; cut short when it is long. */
export function inOneLine(value: string, charactersMax = VALUE_CHARACTERS_MAX): string {
  const line = value.toWellFormed().replace(UNRULY, ' ').replace(ENCODED_WORD, '= ').trim();
  const characters = Array.from(line);
  return characters.length <= charactersMax ? line : `${characters.slice(0, charactersMax - 3).join('')}...`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Text in an HTML element, or in an attribute that has quotes around it. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"'`]/g, (found) => ENTITIES[found] ?? found);

/** The address or number that a mailbox or a phone is written to: `@` and `+` are its own. */
const OF_MAILBOX_OR_PHONE = /^\s*(?:mailto|tel):[^?]*$/i;

/** A value in the address that begins with `before`: it stays in the part that it stands in. */
function encodeInAddress(value: string, before: string): string {
  const encoded = encodeURIComponent(value.toWellFormed());
  return OF_MAILBOX_OR_PHONE.test(before) ? encoded.replaceAll('%40', '@').replaceAll('%2B', '+') : encoded;
}

/** Escapes values for where their placeholders stand in HTML: in one of its addresses for that, too. */
export function escapeInPlace(
  html: string,
  addresses: readonly Address[],
): (value: string, position: number) => string {
  return (value, position) => {
    const address = addresses.find((one) => position >= one.position && position < one.position + one.value.length);
    return escapeHtml(address ? encodeInAddress(value, html.slice(address.position, position)) : value);
  };
}

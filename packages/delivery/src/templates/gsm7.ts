/** GSM 03.38 default alphabet; each of the extension's characters takes two places. */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const EXTENSION = new Set('\f^{}\\[~]|€');

/** True when the text needs no UCS-2, so that one message holds 160 characters instead of 70. */
export function isGsm7(text: string): boolean {
  return Array.from(text).every((character) => BASIC.has(character) || EXTENSION.has(character));
}

/** Places that each character takes, or undefined when the text needs UCS-2. */
export function gsm7Widths(text: string): number[] | undefined {
  return isGsm7(text) ? Array.from(text, (character) => (EXTENSION.has(character) ? 2 : 1)) : undefined;
}

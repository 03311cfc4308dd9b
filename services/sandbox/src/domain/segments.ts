const GSM7 = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** Each takes two septets: an escape and itself. */
const GSM7_EXTENSION = new Set('^{}\\[~]|€');

/** How many SMS a text takes (3GPP TS 23.038): 160 or 153 septets each, or 70 or 67 UTF-16 units where GSM-7 has not every character. */
export function countSegments(text: string): number {
  let septets = 0;
  for (const character of text) {
    if (GSM7.has(character)) septets += 1;
    else if (GSM7_EXTENSION.has(character)) septets += 2;
    else return text.length <= 70 ? 1 : Math.ceil(text.length / 67);
  }
  return septets <= 160 ? 1 : Math.ceil(septets / 153);
}

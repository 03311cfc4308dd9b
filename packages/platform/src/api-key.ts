import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Mode } from '@watchword/contracts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 26; // 154 bits
const CHECKSUM_LENGTH = 6;
export const API_KEY_PATTERN = /^ww_(live|test)_[A-Za-z0-9]{22,64}$/;

/** `ww_test_…` or `ww_live_…`: random characters, then a CRC-32 in base 62, so that scanners and look-ups can tell a typo from a key. */
export function mintApiKey(mode: Mode): string {
  const random = Array.from({ length: RANDOM_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  const body = `ww_${mode}_${random}`;
  return body + checksumOf(body);
}

/** Whether the text is a key that was minted, by its checksum: what was made up or mistyped is told apart without a look-up. */
export function isApiKey(text: string): boolean {
  if (!API_KEY_PATTERN.test(text)) return false;
  return checksumOf(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

export function modeOfApiKey(key: string): Mode | undefined {
  return API_KEY_PATTERN.exec(key)?.[1] as Mode | undefined;
}

function checksumOf(body: string): string {
  let value = crc32(body);
  let text = '';
  for (let place = 0; place < CHECKSUM_LENGTH; place += 1) {
    text = (ALPHABET[value % 62] as string) + text;
    value = Math.floor(value / 62);
  }
  return text;
}

const E164 = /^\+[1-9]\d{5,14}$/;

/**
 * A number as the inbox shows it: E.164 with its plus. Providers write it with or without the plus, and a plus in a
 * query string arrives as a space. Undefined when it is no number.
 */
export function normalisePhoneNumber(written: string): string | undefined {
  const number = `+${written.replace(/[\s().-]/g, '').replace(/^\+/, '')}`;
  return E164.test(number) ? number : undefined;
}

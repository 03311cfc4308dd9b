import { describe, expect, test } from 'vitest';
import { writeTwiml } from './twiml.ts';
import { voiceOf } from './voices.ts';

const said = (text: string, code = '123456', locale = 'en') =>
  [...writeTwiml({ text, code, locale }).matchAll(/<Say([^>]*)>(.*?)<\/Say>/gs)].map(([, how, words]) => [how, words]);

describe('the TwiML of a call', () => {
  test.each([
    ['Your code is 123456.', 'Your code is 1, 2, 3, 4, 5, 6.'],
    ['123456, I repeat 123456', '1, 2, 3, 4, 5, 6, I repeat 1, 2, 3, 4, 5, 6'],
    ['Pay 91234567 with 123456', 'Pay 91234567 with 1, 2, 3, 4, 5, 6'],
    ['Your code is 1 2 3 4 5 6.', 'Your code is 1 2 3 4 5 6.'],
  ])('spells the code in «%s», and nothing else', (text, words) => {
    expect(said(text)).toEqual([
      [' language="en-US"', words],
      [' language="en-US"', words],
    ]);
  });

  test('is XML whatever the text is', () => {
    const [[, words] = []] = said('</Say><Dial>+1</Dial> & "AT&T"\u0000\u0008\uFFFE\uD800\nok', 'K7Q9ZX');
    expect(words).toBe('&lt;/Say&gt;&lt;Dial&gt;+1&lt;/Dial&gt; &amp; "AT&amp;T"   \uFFFD ok');
  });

  test.each([
    ['en', 'en-US', undefined],
    ['en-GB', 'en-GB', undefined],
    ['EN-gb', 'en-GB', undefined],
    ['en-ZZ', 'en-US', undefined],
    ['es-419', 'es-ES', undefined],
    ['zh-Hant-TW', 'zh-TW', undefined],
    ['pt', 'pt-BR', undefined],
    ['ar', 'ar-XA', 'Google.ar-XA-Standard-A'],
    ['hi-IN', 'hi-IN', 'Google.hi-IN-Standard-A'],
    ['id', 'id-ID', 'Google.id-ID-Standard-A'],
  ])('is spoken for %s in %s', (locale, language, voice) => {
    expect(voiceOf(locale)).toEqual(voice === undefined ? { language } : { language, voice });
    const [[how] = []] = said('x', '123456', locale);
    expect(how).toBe(voice === undefined ? ` language="${language}"` : ` language="${language}" voice="${voice}"`);
  });

  test('leaves the voice of a language that it does not know to Twilio', () => {
    expect(voiceOf('tlh')).toBeUndefined();
    expect(said('x', '123456', 'tlh')).toEqual([
      ['', 'x'],
      ['', 'x'],
    ]);
  });
});

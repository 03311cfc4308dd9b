import type VoiceResponse from 'twilio/lib/twiml/VoiceResponse.js';

type Voice = Pick<VoiceResponse.SayAttributes, 'language' | 'voice'>;

/**
 * Languages that `<Say>` speaks, the usual one of each language first. Those with a voice beside them have none among Twilio's
 * basic ones, so Google's standard voice is asked for. Source: https://www.twilio.com/docs/voice/twiml/say/text-speech and the
 * SDK's `SayLanguage`, as of 2026-11-21.
 */
const VOICES = [
  { language: 'en-US' },
  { language: 'en-GB' },
  { language: 'en-AU' },
  { language: 'en-CA' },
  { language: 'en-IN' },
  { language: 'es-ES' },
  { language: 'es-MX' },
  { language: 'pt-BR' },
  { language: 'pt-PT' },
  { language: 'fr-FR' },
  { language: 'fr-CA' },
  { language: 'de-DE' },
  { language: 'it-IT' },
  { language: 'nl-NL' },
  { language: 'pl-PL' },
  { language: 'ru-RU' },
  { language: 'da-DK' },
  { language: 'fi-FI' },
  { language: 'nb-NO' },
  { language: 'sv-SE' },
  { language: 'ca-ES' },
  { language: 'ja-JP' },
  { language: 'ko-KR' },
  { language: 'zh-CN' },
  { language: 'zh-HK' },
  { language: 'zh-TW' },
  { language: 'id-ID', voice: 'Google.id-ID-Standard-A' },
  { language: 'hi-IN', voice: 'Google.hi-IN-Standard-A' },
  { language: 'ar-XA', voice: 'Google.ar-XA-Standard-A' },
  { language: 'bn-IN', voice: 'Google.bn-IN-Standard-A' },
  { language: 'tr-TR', voice: 'Google.tr-TR-Standard-A' },
  { language: 'vi-VN', voice: 'Google.vi-VN-Standard-A' },
  { language: 'uk-UA', voice: 'Google.uk-UA-Standard-A' },
] as const satisfies readonly Voice[];

/** The voice of a BCP 47 tag: of its language and region, else of its language; undefined leaves the choice to Twilio. */
export function voiceOf(locale: string): Voice | undefined {
  const [language = '', ...rest] = locale.toLowerCase().split('-');
  const region = rest.find((part) => part.length === 2);
  const exact = VOICES.find((voice) => voice.language.toLowerCase() === `${language}-${region}`);
  return exact ?? VOICES.find((voice) => voice.language.startsWith(`${language}-`));
}

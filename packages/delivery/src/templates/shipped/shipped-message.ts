import { type Autofill, autofillLines } from '../autofill.ts';
import { escapeHtml, inOneLine } from '../escaping.ts';
import { pageOf } from '../html-page.ts';
import type { RenderedMessage, WantedMessage } from '../message.ts';
import { countSegments } from '../segments.ts';
import { spoken } from '../spoken-code.ts';
import { type ShippedLanguage, shippedLanguageOf, wordingOf } from './languages.ts';
import { type Counted, WORDED_PURPOSES, type WordedPurpose, type Wording } from './wording.ts';

/** Enough to know an amount or a payee by. */
const BOUND_CHARACTERS_MAX = 40;

/** What is said of a code, sentence by sentence. */
interface Said {
  readonly wording: Wording;
  readonly purpose: WordedPurpose;
  /** What the code is bound to: must be said, whatever else is left out. */
  readonly bound: readonly string[];
  readonly validity: string;
}

/** The message of a project that has no template for it, in the language that was asked for, else in English. */
export function shippedMessage(wanted: WantedMessage): RenderedMessage {
  const language = shippedLanguageOf(wanted.locale);
  const said = sayIn(language, wanted);
  const shown = { template: 'shipped', subject: '', html: '', locale: language };
  switch (wanted.channel) {
    case 'sms':
      return { ...shown, text: smsOf(said, wanted.code, wanted.autofill ?? {}) };
    case 'whatsapp':
      return { ...shown, text: textOf(said, wanted.code) };
    case 'voice':
      return { ...shown, text: [`${titleOf(said)}: ${spoken(wanted.code)}.`, ...said.bound].join(' ') };
    case 'push':
      return { ...shown, subject: titleOf(said), text: textOf(said, wanted.code) };
    case 'email':
      return {
        ...shown,
        subject: titleOf(said),
        text: `${textOf(said, wanted.code)}\n\n${said.wording.unasked}\n`,
        html: htmlOf(said, wanted.code, language),
      };
  }
}

/** The subject of an e-mail and the title of a push message that have none of their own. */
export const shippedTitle = ({ purpose, locale }: Pick<WantedMessage, 'purpose' | 'locale'>): string =>
  wordingOf(shippedLanguageOf(locale)).titles[wordedPurpose(purpose)];

function sayIn(language: ShippedLanguage, { purpose, binding = {}, ttlMs }: WantedMessage): Said {
  const wording = wordingOf(language);
  const bound = (['amount', 'payee'] as const).flatMap((name) => {
    const value = Object.hasOwn(binding, name) ? inOneLine(binding[name] ?? '', BOUND_CHARACTERS_MAX) : '';
    return value === '' ? [] : [wording[name].replace('{{value}}', () => value)];
  });
  return { wording, purpose: wordedPurpose(purpose), bound, validity: validityOf(language, wording, ttlMs) };
}

/** `verification` is another name for `registration`. */
function wordedPurpose(purpose: string): WordedPurpose {
  if (purpose === 'verification') return 'registration';
  return WORDED_PURPOSES.find((one) => one === purpose) ?? 'other';
}

/** Rounded down: a text must not promise more life than the code has. */
function validityOf(language: ShippedLanguage, { minutes, seconds }: Wording, ttlMs: number): string {
  const left = Math.max(1, Math.floor(ttlMs / 1000));
  return left % 60 === 0 ? say(language, minutes, left / 60) : say(language, seconds, left);
}

const PLURALS = new Map<ShippedLanguage, Intl.PluralRules>();

function say(language: ShippedLanguage, counted: Counted, n: number): string {
  const rules = PLURALS.get(language) ?? new Intl.PluralRules(language);
  PLURALS.set(language, rules);
  return (counted[rules.select(n)] ?? counted.other).replace('{{n}}', String(n));
}

const titleOf = ({ wording, purpose }: Said) => wording.titles[purpose];

const sentenceOf = ({ wording, purpose }: Said, code: string) =>
  wording.sentences[purpose].replace('{{code}}', () => code);

const textOf = (said: Said, code: string) =>
  [sentenceOf(said, code), ...said.bound, said.wording.warning, said.validity].join(' ');

/**
 * Android's SMS Retriever reads an SMS of one segment only (https://developers.google.com/identity/sms-retriever/verify), so
 * the last sentences give way to its hash.
 */
function smsOf(said: Said, code: string, autofill: Autofill): string {
  const lines = autofillLines(autofill, code);
  const whole = textOf(said, code) + lines;
  if (autofill.app_hash === undefined) return whole;
  const needed = [sentenceOf(said, code), ...said.bound];
  const shorter = [whole, [...needed, said.wording.warning].join(' ') + lines, needed.join(' ') + lines];
  return shorter.find((text) => countSegments(text).segments === 1) ?? shorter.at(-1) ?? whole;
}

const CODE_STYLE = 'margin:0 0 16px;font-size:28px;font-weight:700;letter-spacing:4px';

function htmlOf(said: Said, code: string, language: ShippedLanguage): string {
  const { wording, bound, validity } = said;
  const title = titleOf(said);
  const paragraph = (text: string) => `<p>${escapeHtml(text)}</p>`;
  const body = [
    `<h1 style="font-size:20px">${escapeHtml(title)}</h1>`,
    `<p style="${CODE_STYLE}"><bdi dir="ltr">${escapeHtml(code)}</bdi></p>`,
    ...bound.map(paragraph),
    paragraph(`${validity} ${wording.warning}`),
    paragraph(wording.unasked),
  ];
  return pageOf({ locale: language, title, body: body.join('') });
}

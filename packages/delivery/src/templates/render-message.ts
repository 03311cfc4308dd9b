import type { Channel } from '@watchword/contracts';
import { autofillLines } from './autofill.ts';
import { chooseTemplate, type Template } from './choose-template.ts';
import { escapeInPlace, inOneLine } from './escaping.ts';
import { pageOf, paragraphsOf } from './html-page.ts';
import { type Address, addressesIn } from './html-places.ts';
import type { RenderedMessage, WantedMessage } from './message.ts';
import { type MessageValues, renderTemplate } from './render-template.ts';
import { countSegments, SEGMENTS_MAX } from './segments.ts';
import { shippedMessage, shippedTitle } from './shipped/shipped-message.ts';
import { spoken } from './spoken-code.ts';

/**
 * What a message says: by the project's template, else by the shipped text in the language that was asked for, else in English.
 * A template with which an SMS would get longer than carriers take gives way to the shipped text: the code matters more.
 */
export function renderMessage(wanted: WantedMessage): RenderedMessage {
  const template = chooseTemplate(wanted.templates, wanted);
  const message = template && renderOwn(template, wanted);
  return message && !isTooLong(wanted.channel, message.text) ? message : shippedMessage(wanted);
}

/** Whatever its characters, a text of so many UTF-16 units fits; most do, and need not be counted. */
const FITTING_UNITS = 600;

const isTooLong = (channel: Channel, text: string): boolean =>
  channel === 'sms' && text.length > FITTING_UNITS && countSegments(text).segments > SEGMENTS_MAX;

function renderOwn(template: Template, wanted: WantedMessage): RenderedMessage {
  const { channel, code, autofill = {} } = wanted;
  const values: MessageValues = { ...wanted, code: channel === 'voice' ? spoken(code) : code };
  const lines = channel === 'sms' ? autofillLines(autofill, code) : '';
  const text = renderTemplate(template.text, values) + lines;
  const { locale: asked = 'en' } = wanted;
  const locale = template.locale === '*' ? asked : template.locale;
  const subject = hasSubject(channel) ? subjectOf(template, { ...wanted, locale }) : '';
  const html = channel === 'email' ? htmlOf(template, values, { text, subject, locale }) : '';
  return { template: template.id, text, subject, html, locale };
}

const hasSubject = (channel: Channel) => channel === 'email' || channel === 'push';

const SUBJECT_CHARACTERS_MAX = 200;

function subjectOf({ subject }: Template, wanted: WantedMessage): string {
  if (subject === null) return shippedTitle(wanted);
  return inOneLine(renderTemplate(subject, wanted), SUBJECT_CHARACTERS_MAX);
}

/** Of a template that is kept, its addresses are: they take as long to find as it is long. */
const addressesOf = new WeakMap<Template, readonly Address[]>();

function findAddresses(template: Template, html: string): readonly Address[] {
  const found = addressesOf.get(template) ?? addressesIn(html);
  addressesOf.set(template, found);
  return found;
}

function htmlOf(
  template: Template,
  values: MessageValues,
  shown: { readonly text: string; readonly subject: string; readonly locale: string },
): string {
  const { html } = template;
  return html === null
    ? pageOf({ locale: shown.locale, title: shown.subject, body: paragraphsOf(shown.text) })
    : renderTemplate(html, values, escapeInPlace(html, findAddresses(template, html)));
}

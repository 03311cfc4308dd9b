import type { Channel } from '@watchword/contracts';
import { unsafePlaces } from './html-places.ts';
import {
  isPlaceholder,
  PLACEHOLDER,
  placeholdersIn,
  showsCode,
  TEMPLATE_PLACEHOLDERS,
  variableIn,
} from './placeholders.ts';
import { renderTemplate } from './render-template.ts';
import { countSegments, SEGMENTS_MAX } from './segments.ts';

/** What a template says, on its channel. */
export interface TemplateContent {
  readonly channel: Channel;
  readonly text: string;
  readonly subject: string | null;
  readonly html: string | null;
}

export const TEMPLATE_FIELDS = ['text', 'subject', 'html'] as const;
export type TemplateField = (typeof TEMPLATE_FIELDS)[number];

/** Why something is no template. */
export interface TemplateProblem {
  readonly problem:
    | 'unknown_placeholder'
    | 'stray_braces'
    | 'code_missing'
    | 'code_repeated'
    | 'line_break'
    | 'too_long'
    | 'unsafe_place'
    | 'not_of_channel';
  readonly field: TemplateField;
  /** Where in the field, in UTF-16 units from 0; 0 for what is missing. */
  readonly position: number;
  /** For a person. Quotes at most a name out of the text. */
  readonly detail: string;
}

type Found = Omit<TemplateProblem, 'field'>;

const NAME_CHARACTERS_MAX = 40;
/** What a text may have that is no e-mail; more than ten segments hold. */
const TEXT_CHARACTERS_MAX = 1_600;
const SUBJECT_CHARACTERS_MAX = 200;
/** A code of the greatest length, with the shortest words around it: what a template takes at least. */
const LEAST = { code: '0'.repeat(10), purpose: 'login', ttlMs: 600_000 };
const CHANNELS_OF: Readonly<Record<'subject' | 'html', readonly Channel[]>> = {
  subject: ['email', 'push'],
  html: ['email'],
};

/** All that is wrong with a template, field by field, each in its order. */
export function checkTemplate(template: TemplateContent): TemplateProblem[] {
  const { text, subject, html } = template;
  const inField = (field: TemplateField, found: readonly Found[]): TemplateProblem[] =>
    found
      .toSorted((left, right) => left.position - right.position)
      .map(({ problem, position, detail }) => ({ field, problem, position, detail }));
  return [
    ...inField('text', [...checkPlaceholders(text), ...missingCode(text), ...checkLength(template)]),
    ...(subject === null ? [] : inField('subject', [...ofChannel('subject', template), ...checkSubject(subject)])),
    ...(html === null ? [] : inField('html', [...ofChannel('html', template), ...checkHtml(html)])),
  ];
}

/** A code that is shown twice, names that are not known, braces that would be sent as they are. */
function checkPlaceholders(text: string): Found[] {
  const problems: Found[] = [];
  let codes = 0;
  for (const { name, position } of placeholdersIn(text)) {
    if (!isPlaceholder(name) && variableIn(name) === undefined) problems.push(unknownPlaceholder(name, position));
    if (!showsCode(name)) continue;
    codes += 1;
    if (codes > 1) problems.push({ problem: 'code_repeated', position, detail: 'shows the code more than once' });
  }
  for (const { index: position } of blanked(text).matchAll(/\{\{|\}\}/g)) {
    problems.push({ problem: 'stray_braces', position, detail: 'has double braces around no name' });
  }
  return problems;
}

function unknownPlaceholder(name: string, position: number): Found {
  const known = [...TEMPLATE_PLACEHOLDERS, 'variables.name'].map((one) => `{{${one}}}`).join(', ');
  const detail = `{{${name.slice(0, NAME_CHARACTERS_MAX)}}} is not known: there are ${known}`;
  return { problem: 'unknown_placeholder', position, detail };
}

function missingCode(text: string): Found[] {
  const hasCode = placeholdersIn(text).some(({ name }) => showsCode(name));
  return hasCode ? [] : [{ problem: 'code_missing', position: 0, detail: 'must show {{code}} (or {{otp}})' }];
}

function checkLength({ channel, text }: TemplateContent): Found[] {
  if (channel === 'email') return [];
  if (text.length > TEXT_CHARACTERS_MAX) return [tooLong(`has more than ${TEXT_CHARACTERS_MAX} characters`)];
  const { segments } = countSegments(renderTemplate(text, LEAST));
  if (channel !== 'sms' || segments <= SEGMENTS_MAX) return [];
  return [tooLong(`takes ${segments} segments, and an SMS has at most ${SEGMENTS_MAX}`)];
}

const tooLong = (detail: string): Found => ({ problem: 'too_long', position: 0, detail });

/** A line break in a subject would begin another header of the e-mail. */
function checkSubject(subject: string): Found[] {
  const broken = subject.search(/[\r\n]/);
  return [
    ...checkPlaceholders(subject),
    ...(broken < 0 ? [] : [{ problem: 'line_break' as const, position: broken, detail: 'must be one line' }]),
    ...(subject.length > SUBJECT_CHARACTERS_MAX ? [tooLong(`has more than ${SUBJECT_CHARACTERS_MAX} characters`)] : []),
  ];
}

const checkHtml = (html: string): Found[] => [
  ...checkPlaceholders(html),
  ...missingCode(html),
  ...unsafePlaces(html).map(({ position, detail }) => ({ problem: 'unsafe_place' as const, position, detail })),
];

function ofChannel(field: 'subject' | 'html', { channel }: TemplateContent): Found[] {
  if (CHANNELS_OF[field].includes(channel)) return [];
  return [{ problem: 'not_of_channel', position: 0, detail: `a template for ${channel} has none` }];
}

/** Without its placeholders, and everything else where it was. */
const blanked = (text: string) => text.replace(PLACEHOLDER, (written: string) => ' '.repeat(written.length));

import { isPlaceholder, PLACEHOLDER, showsCode, TEMPLATE_PLACEHOLDERS } from './placeholders.ts';

/** Why a text is no template. */
export interface TemplateProblem {
  readonly problem: 'unknown_placeholder' | 'stray_braces' | 'code_missing' | 'code_repeated';
  /** Where in the text, in UTF-16 units from 0; 0 for what is missing. */
  readonly position: number;
  /** For a person. Quotes at most a name out of the text. */
  readonly detail: string;
}

const NAME_CHARACTERS_MAX = 40;

/** All that is wrong with a text, in its order: a code that is not shown, or twice, or braces that would be sent as they are. */
export function checkTemplate(text: string): TemplateProblem[] {
  const problems: TemplateProblem[] = [];
  let codes = 0;
  for (const { 1: name = '', index: position } of text.matchAll(PLACEHOLDER)) {
    if (!isPlaceholder(name)) problems.push(unknownPlaceholder(name, position));
    if (!showsCode(name)) continue;
    codes += 1;
    if (codes > 1) problems.push({ problem: 'code_repeated', position, detail: 'shows the code more than once' });
  }
  for (const { index: position } of blanked(text).matchAll(/\{\{|\}\}/g)) {
    problems.push({ problem: 'stray_braces', position, detail: 'has double braces around no name' });
  }
  if (codes === 0) problems.push({ problem: 'code_missing', position: 0, detail: 'must show {{code}} (or {{otp}})' });
  return problems.toSorted((left, right) => left.position - right.position);
}

function unknownPlaceholder(name: string, position: number): TemplateProblem {
  const known = TEMPLATE_PLACEHOLDERS.map((one) => `{{${one}}}`).join(', ');
  const detail = `{{${name.slice(0, NAME_CHARACTERS_MAX)}}} is not known: there are ${known}`;
  return { problem: 'unknown_placeholder', position, detail };
}

/** Without its placeholders, and everything else where it was. */
const blanked = (text: string) => text.replace(PLACEHOLDER, (written: string) => ' '.repeat(written.length));

import type { Channel, DeliveryConfig } from '@watchword/contracts';

export type Template = DeliveryConfig['templates'][number];

export interface TemplateWanted {
  readonly channel: Channel;
  readonly purpose: string;
  /** BCP 47, as the caller gave it; undefined without one. */
  readonly locale: string | undefined;
}

/**
 * The template of a message: that of its purpose before one for all (`*`), and of those the one whose locale says the most of
 * what was asked for: `de-AT`, then `de`, then `*` (the look-up of RFC 4647). Undefined: the shipped text.
 */
export function chooseTemplate(templates: readonly Template[], wanted: TemplateWanted): Template | undefined {
  const ofChannel = templates.filter(({ channel }) => channel === wanted.channel);
  if (ofChannel.length === 0) return undefined;
  for (const purpose of [wanted.purpose, '*']) {
    for (const locale of rangesOf(wanted.locale)) {
      const found = ofChannel.find((one) => one.purpose === purpose && one.locale.toLowerCase() === locale);
      if (found) return found;
    }
  }
  return undefined;
}

/** As templates are kept: `iw` is `he`. What is no tag is none of theirs. */
function canonical(locale: string): string {
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? locale;
  } catch {
    return locale;
  }
}

/** A tag, and it with ever fewer of its parts; at last any. A part of one character only announces the one behind it. */
function rangesOf(locale: string | undefined): string[] {
  const parts = locale === undefined || locale === '*' ? [] : canonical(locale).toLowerCase().split('-');
  const ranges: string[] = [];
  for (let length = parts.length; length > 0; length -= 1) {
    if (length < parts.length && parts[length - 1]?.length === 1) continue;
    ranges.push(parts.slice(0, length).join('-'));
  }
  return [...ranges, '*'];
}

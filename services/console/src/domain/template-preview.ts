import type { Channel, PreviewTemplate, TemplatePreview } from '@watchword/contracts';
import { countSegments, renderMessage, type Template } from '@watchword/delivery';

const SAMPLE_CODE = '1234567890';
const SAMPLE_PURPOSE = 'login';
const WITH_SUBJECT: ReadonlySet<Channel> = new Set(['email', 'push']);

/** A template as its users would get it, with a made-up code. */
export function previewOf(template: Template, wanted: PreviewTemplate): TemplatePreview {
  const { channel, purpose: own, locale: ownLocale } = template;
  const { code_length, code_ttl_seconds, variables, binding, autofill } = wanted;
  const purpose = wanted.purpose ?? (own === '*' ? SAMPLE_PURPOSE : own);
  const locale = wanted.locale ?? (ownLocale === '*' ? undefined : ownLocale);
  const message = renderMessage({
    channel,
    purpose,
    locale,
    code: SAMPLE_CODE.slice(0, code_length),
    ttlMs: code_ttl_seconds * 1_000,
    variables,
    binding,
    autofill,
    // Whatever is asked for, it is this one that is looked at.
    templates: [{ ...template, purpose: '*', locale: '*' }],
  });
  const segments = channel === 'sms' ? countSegments(message.text) : { encoding: null, segments: null };
  return {
    template: message.template,
    locale: message.locale,
    subject: WITH_SUBJECT.has(channel) ? message.subject : null,
    text: message.text,
    html: channel === 'email' ? message.html : null,
    ...segments,
  };
}

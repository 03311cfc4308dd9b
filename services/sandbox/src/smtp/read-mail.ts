import PostalMime from 'postal-mime';
import { findCode } from '../domain/code.ts';

export interface Mail {
  /** `Message-ID`, without its brackets. */
  readonly messageId: string | undefined;
  readonly subject: string;
  readonly text: string;
  readonly html: string | null;
  readonly code: string | null;
}

/** What is never closed goes to the end, and a tag ends before the next: else a stranger's mail could take minutes. */
const MARKUP = /<(style|script|head)\b[\s\S]*?(?:<\/\1>|$)|<[^<>]*>/gi;

/** What a mail shows. One without a plain part has its text from its markup, roughly. */
export async function readMail(source: Buffer): Promise<Mail> {
  const { messageId, subject = '', text, html = null } = await PostalMime.parse(source);
  const shown = text?.trimEnd() || (html ?? '').replace(MARKUP, ' ').replace(/\s+/g, ' ').trim();
  return {
    messageId: messageId?.replace(/^<|>$/g, ''),
    subject,
    text: shown,
    html,
    code: findCode(shown) ?? findCode(subject),
  };
}

import type { Channel } from '@watchword/contracts';
import type { Autofill } from './autofill.ts';
import type { Template } from './choose-template.ts';

export interface WantedMessage {
  readonly channel: Channel;
  readonly purpose: string;
  /** BCP 47, as the caller gave it. */
  readonly locale: string | undefined;
  readonly code: string;
  /** The code's whole life. */
  readonly ttlMs: number;
  readonly variables: Readonly<Record<string, string>> | undefined;
  readonly binding: Readonly<Record<string, string>> | undefined;
  readonly autofill: Autofill | undefined;
  /** The project's own. */
  readonly templates: readonly Template[];
}

/** A message as its user gets it. */
export interface RenderedMessage {
  /** The id of the template, or `shipped`. */
  readonly template: string;
  /** Of a voice call, with the code's characters apart, as they are spoken. */
  readonly text: string;
  /** Of an e-mail, and the title of a push message; else empty. One line. */
  readonly subject: string;
  /** Of an e-mail; else empty. */
  readonly html: string;
  /** Of the text: a BCP 47 tag. */
  readonly locale: string;
}

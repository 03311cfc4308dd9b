/** Purposes that have words of their own; `other` stands for a project's own. */
export const WORDED_PURPOSES = ['login', 'registration', 'password_reset', 'transaction', 'other'] as const;
export type WordedPurpose = (typeof WORDED_PURPOSES)[number];

/** By plural category of the language (CLDR); `{{n}}` is the number. What is left out is said as `other`. */
export type Counted = { readonly other: string } & Readonly<Partial<Record<Intl.LDMLPluralRule, string>>>;

/**
 * One language's words. Where GSM-7 has its letters, what goes into an SMS keeps to them, so that one message is enough:
 * hence Spanish `clave`, since `código` cannot be written, and the Portuguese `Use … para`.
 */
export interface Wording {
  /** Shows the code, as `{{code}}`, in an SMS. */
  readonly sentences: Readonly<Record<WordedPurpose, string>>;
  /** Names the code, in subjects, titles and speech. */
  readonly titles: Readonly<Record<WordedPurpose, string>>;
  readonly warning: string;
  readonly minutes: Counted;
  readonly seconds: Counted;
  /** What a transaction is about: `{{value}}`. */
  readonly amount: string;
  readonly payee: string;
  /** For whoever gets an e-mail without having asked for it. */
  readonly unasked: string;
}

import { RECEIPT_REFERENCE_PATTERN } from '@watchword/contracts';

/** What a receipt URL names: an attempt, or an account whose provider calls one URL for all. */
export type NamedByUrl =
  | { readonly kind: 'attempt'; readonly attemptId: string }
  /** `project` is undefined for the platform's own account. */
  | { readonly kind: 'account'; readonly project: string | undefined };

/** Undefined for what is no reference of ours. A secret behind an account's name is for its reader to judge. */
export function readReference(reference: string): NamedByUrl | undefined {
  const [, whole = '', account = ''] = RECEIPT_REFERENCE_PATTERN.exec(reference) ?? [];
  if (whole === '') return undefined;
  if (account === '') return { kind: 'attempt', attemptId: whole };
  const [project = '', provider] = account.split('.');
  return { kind: 'account', project: provider === undefined ? undefined : project };
}

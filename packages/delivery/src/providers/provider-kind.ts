import type { ConfiguredChannel, ProviderKind } from '@watchword/contracts';
import type { Secret } from '@watchword/platform';
import type { z } from 'zod';
import type { SmsProvider } from './provider.ts';
import type { ReadReceiptCall } from './receipt.ts';

type Fields = Readonly<Record<string, string>>;

/** Where adapters send, what they ask for, and how long they wait. */
export interface Surroundings {
  readonly sandboxUrl: string;
  /** Public base URL of the gateway; undefined: nobody is asked for receipts. */
  readonly receiptsUrl: string | undefined;
  readonly timeoutMs: number;
  /** Instead of the provider's own. Never used for a `test` account. */
  readonly baseUrl: string | undefined;
}

/** An account at the provider, or the twin of one at the sandbox, where any settings will do. */
export type Account<S = Fields, C = Fields> =
  | { readonly mode: 'live'; readonly settings: S; readonly credentials: C }
  | { readonly mode: 'test'; readonly settings: Partial<S>; readonly sandboxToken: Secret };

/** An account whose receipts are believed; `circuit` is what they tell of its health to. */
export type SigningAccount<S = Fields, C = Fields> = Account<S, C> & { readonly circuit: string };

/** The account's fields are not what its kind needs. Names them, and not their values. */
export class AccountUnusable extends Error {
  override readonly name = 'AccountUnusable';
}

/**
 * What makes a kind of provider: a folder beside this file has all of it. Settings may be read by whoever may read the
 * configuration, credentials are sealed; both are named as the environment's variables, without the kind's name and in lower case.
 */
export interface KindOfProvider {
  readonly kind: ProviderKind;
  readonly channels: readonly ConfiguredChannel[];
  readonly settings: z.ZodObject;
  readonly credentials: z.ZodObject;
  /** Throws `AccountUnusable`. */
  createProvider(account: Account, surroundings: Surroundings): SmsProvider;
  /** Leaves out accounts that are not usable, or have nothing to sign receipts with. */
  createReceiptReader(accounts: readonly SigningAccount[]): ReadReceiptCall;
}

interface KindSpec<S extends z.ZodObject, C extends z.ZodObject, Signer> {
  readonly kind: ProviderKind;
  readonly channels: readonly ConfiguredChannel[];
  readonly settings: S;
  readonly credentials: C;
  createProvider(account: Account<z.infer<S>, z.infer<C>>, surroundings: Surroundings): SmsProvider;
  /** Undefined for an account whose receipts cannot be told from forged ones. */
  signerOf(account: SigningAccount<z.infer<S>, z.infer<C>>): Signer | undefined;
  createReceiptReader(signers: readonly Signer[]): ReadReceiptCall;
}

/** Makes a kind of what its folder has: what comes out of the configuration is checked against the kind's own schemas. */
export function defineProviderKind<S extends z.ZodObject, C extends z.ZodObject, Signer>(
  spec: KindSpec<S, C, Signer>,
): KindOfProvider {
  const { kind, channels, settings, credentials } = spec;
  function checked(account: Account): Account<z.infer<S>, z.infer<C>> {
    if (account.mode === 'test') {
      // At the sandbox nothing is wrong with an account: what does not fit is as if it were not given.
      const known = settings.partial().safeParse(account.settings);
      return { ...account, settings: (known.success ? known.data : {}) as Partial<z.infer<S>> };
    }
    return {
      mode: 'live',
      settings: parse(settings, account.settings) as z.infer<S>,
      credentials: parse(credentials, account.credentials) as z.infer<C>,
    };
  }
  function signerOf(account: SigningAccount): Signer[] {
    try {
      return [spec.signerOf({ ...checked(account), circuit: account.circuit })].filter((one) => one !== undefined);
    } catch (error) {
      if (error instanceof AccountUnusable) return [];
      throw error;
    }
  }
  return {
    kind,
    channels,
    settings,
    credentials,
    createProvider: (account, surroundings) => spec.createProvider(checked(account), surroundings),
    createReceiptReader: (accounts) => spec.createReceiptReader(accounts.flatMap(signerOf)),
  };
}

function parse(schema: z.ZodObject, fields: Fields): object {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return parsed.data;
  throw new AccountUnusable(
    `not usable: ${parsed.error.issues.map(({ path, code }) => [...path, code].join(' ')).join(', ')}`,
  );
}

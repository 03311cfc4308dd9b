import type { Channel, ProviderKind } from '@watchword/contracts';
import type { Secret } from '@watchword/platform';
import type { z } from 'zod';
import type { WhatsAppWeb } from './baileys/whatsapp-web.ts';
import type { ProviderAdapter } from './provider.ts';
import type { ReadReceiptCall } from './receipt.ts';

type Fields = Readonly<Record<string, string>>;

/** Where adapters send, what they ask for, and how long they wait. */
export interface Surroundings {
  readonly sandboxUrl: string;
  /** `smtp://host:port` of the sandbox's relay. */
  readonly sandboxSmtpUrl: string;
  /** Public base URL of the gateway; undefined: nobody is asked for receipts. */
  readonly receiptsUrl: string | undefined;
  readonly timeoutMs: number;
  /** Instead of the provider's own. Never used for a `test` account. */
  readonly baseUrl: string | undefined;
  /** What the account's own receipt URL ends with, for providers that call one per account (`accountReference`). */
  readonly reference: string;
  /** Undefined: this worker has no WhatsApp Web. */
  readonly whatsAppWeb?: WhatsAppWeb;
}

/** An account at the provider, or the twin of one at the sandbox, where any settings will do. */
export type Account<S = Fields, C = Fields> =
  | { readonly mode: 'live'; readonly settings: S; readonly credentials: C }
  | { readonly mode: 'test'; readonly settings: Partial<S>; readonly sandboxToken: Secret };

/** An account whose receipts are believed; `circuit` is what they tell of its health to. otp has no field that only sending needs. */
export type SigningAccount<S = Fields, C = Fields> = Account<S, C> & {
  readonly circuit: string;
  /** As in `Surroundings`. */
  readonly reference: string;
};

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
  /** The usual one first. */
  readonly channels: readonly [Channel, ...Channel[]];
  readonly settings: z.ZodObject;
  readonly credentials: z.ZodObject;
  /** Names of fields that a live account of these lacks though each alone may be left out, such as one half of a login. */
  lackingOf(settings: Fields, credentials: Fields): readonly string[];
  /** Throws `AccountUnusable`. */
  createProvider(account: Account, surroundings: Surroundings): ProviderAdapter;
  /** Leaves out accounts that are not usable, or have nothing to sign receipts with. */
  createReceiptReader(accounts: readonly SigningAccount[]): ReadReceiptCall;
}

interface KindSpec<S extends z.ZodObject, C extends z.ZodObject, Signer> {
  readonly kind: ProviderKind;
  readonly channels: readonly [Channel, ...Channel[]];
  readonly settings: S;
  readonly credentials: C;
  /** For a kind whose schemas cannot say it: nothing is lacking without it. */
  lackingOf?(settings: z.infer<S>, credentials: z.infer<C>): readonly string[];
  createProvider(account: Account<z.infer<S>, z.infer<C>>, surroundings: Surroundings): ProviderAdapter;
  /** Undefined for an account whose receipts cannot be told from forged ones: with what it needs for that left out, too. */
  readonly signerOf: (account: SigningAccount<Partial<z.infer<S>>, Partial<z.infer<C>>>) => Signer | undefined;
  createReceiptReader(signers: readonly Signer[]): ReadReceiptCall;
}

/** Makes a kind of what its folder has: what comes out of the configuration is checked against the kind's own schemas. */
export function defineProviderKind<S extends z.ZodObject, C extends z.ZodObject, Signer>(
  spec: KindSpec<S, C, Signer>,
): KindOfProvider {
  const { kind, channels, settings, credentials } = spec;
  const partial = { settings: settings.partial(), credentials: credentials.partial() };
  const lackingOf = (given: z.infer<S>, secret: z.infer<C>) => spec.lackingOf?.(given, secret) ?? [];
  function checked(account: Account): Account<z.infer<S>, z.infer<C>> {
    if (account.mode === 'test') return checkedTwin(account);
    const live = { mode: 'live' as const, ...parse({ settings, credentials }, account) };
    const lacking = lackingOf(live.settings, live.credentials);
    if (lacking.length > 0) throw new AccountUnusable(`not usable: lacks ${lacking.join(', ')}`);
    return live;
  }
  /** At the sandbox nothing is wrong with an account: what does not fit is as if it were not given. */
  function checkedTwin(account: Account & { mode: 'test' }): Account<z.infer<S>, z.infer<C>> {
    const known = partial.settings.safeParse(account.settings);
    return { ...account, settings: (known.success ? known.data : {}) as Partial<z.infer<S>> };
  }
  function signerOf(account: SigningAccount): Signer[] {
    const { circuit, reference } = account;
    try {
      const known: Account<Partial<z.infer<S>>, Partial<z.infer<C>>> = account.mode === 'test'
        ? checkedTwin(account)
        : {
            mode: 'live',
            ...(parse(partial, account) as Parts<Partial<z.infer<S>>, Partial<z.infer<C>>>),
          };
      const signer = spec.signerOf({ ...known, circuit, reference });
      return signer === undefined ? [] : [signer];
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
    lackingOf: (given, secret) => lackingOf(given as z.infer<S>, secret as z.infer<C>),
    createProvider: (account, surroundings) => spec.createProvider(checked(account), surroundings),
    createReceiptReader: (accounts) => spec.createReceiptReader(accounts.flatMap(signerOf)),
  };
}

interface Parts<S, C> {
  readonly settings: S;
  readonly credentials: C;
}

/** Names all that is wrong with an account at once. */
function parse<S extends z.ZodObject, C extends z.ZodObject>(
  schemas: Parts<S, C>,
  account: Parts<Fields, Fields>,
): Parts<z.infer<S>, z.infer<C>> {
  const settings = schemas.settings.safeParse(account.settings);
  const credentials = schemas.credentials.safeParse(account.credentials);
  if (settings.success && credentials.success) return { settings: settings.data, credentials: credentials.data };
  const issues = [settings, credentials].flatMap(({ error }) => error?.issues ?? []);
  throw new AccountUnusable(`not usable: ${issues.map(({ path, code }) => [...path, code].join(' ')).join(', ')}`);
}

import type { Mode, ProviderKind } from '@watchword/contracts';
import { Secret, StartupError } from '@watchword/platform';
import type { z } from 'zod';
import { circuitKeyOf } from '../circuit/circuit.ts';
import { kindOf } from './kinds.ts';
import type { ProviderAdapter } from './provider.ts';
import { type Account, AccountUnusable, type SigningAccount, type Surroundings } from './provider-kind.ts';
import { accountReference } from './receipt.ts';
import type { SandboxTokenOf } from './sandbox-account.ts';
import { twilioVariables } from './twilio/config.ts';
import { vonageReceiptVariables } from './vonage/config.ts';
import { vonageMessagesReceiptVariables } from './vonage-messages/config.ts';
import { watiReceiptVariables } from './wati/config.ts';
import { whatsappCloudReceiptVariables } from './whatsapp-cloud/config.ts';

/** All that otp needs to know of the platform's own accounts: what their receipts are told from forged ones by. */
export const signingVariables = {
  TWILIO_AUTH_TOKEN: twilioVariables.TWILIO_AUTH_TOKEN,
  ...vonageReceiptVariables,
  ...vonageMessagesReceiptVariables,
  ...whatsappCloudReceiptVariables,
  ...watiReceiptVariables,
};

/** The kinds' variables as they were parsed; what is no kind's is not looked at. */
export type PlatformVariables = Readonly<Record<string, unknown>>;

const variableOf = (kind: ProviderKind, field: string) => `${kind}_${field}`.toUpperCase();

/** Where the environment says that a kind's live accounts are, if not where they usually are. */
export const baseUrlOf = (kind: ProviderKind, variables: PlatformVariables): string | undefined =>
  textOf(variables[variableOf(kind, 'base_url')]);

/**
 * The platform's own account at a provider, if the environment has one, and its twin at the sandbox, for test keys. Throws a
 * StartupError when it has only half of what sending needs.
 */
export function createPlatformProviders(
  kind: ProviderKind,
  variables: PlatformVariables,
  surroundings: Omit<Surroundings, 'baseUrl' | 'reference'>,
  sandboxTokenOf: SandboxTokenOf,
): ProviderAdapter[] {
  const { createProvider } = kindOf(kind);
  const baseUrl = baseUrlOf(kind, variables);
  const live = liveAccount(kind, variables);
  const twin = twinOf(sandboxTokenOf);
  const accounts: Account[] = live === undefined ? [twin] : [live, twin];
  try {
    return accounts.map((account) => createProvider(account, { ...surroundings, baseUrl, reference }));
  } catch (error) {
    if (error instanceof AccountUnusable) throw new StartupError(`Configuration: ${kind} is ${error.message}.`);
    throw error;
  }
}

/** The same accounts as those whose receipts are believed. Of the live one it needs no more than receipts are judged by. */
export function platformSigningAccounts(
  kind: ProviderKind,
  variables: PlatformVariables,
  sandboxTokenOf: SandboxTokenOf,
): SigningAccount[] {
  const circuitOf = (mode: Mode) => circuitKeyOf({ name: kind, mode });
  return [
    { mode: 'live', ...givenFields(kind, variables), circuit: circuitOf('live'), reference },
    { ...twinOf(sandboxTokenOf), circuit: circuitOf('test'), reference },
  ];
}

const reference = accountReference('platform');
const twinOf = (sandboxTokenOf: SandboxTokenOf) =>
  ({ mode: 'test', settings: {}, sandboxToken: sandboxTokenOf(reference) }) as const;

/**
 * Undefined when nothing that only an account has is given. Half of one is refused by name, all that it lacks at once: with it
 * the provider would quietly speak to the sandbox.
 */
function liveAccount(kind: ProviderKind, variables: PlatformVariables): Account | undefined {
  const { settings, credentials, lackingOf } = kindOf(kind);
  const required = [settings, credentials].flatMap(({ shape }) =>
    Object.keys(shape).filter((field) => !isOptional(shape[field] as z.ZodType)),
  );
  const isGiven = (field: string) => textOf(variables[variableOf(kind, field)]) !== undefined;
  const given = [...new Set([...required, 'base_url', ...Object.keys(credentials.shape)])].filter(isGiven);
  if (given.length === 0) return undefined;
  const fields = givenFields(kind, variables);
  const lacking = [...required.filter((field) => !isGiven(field)), ...lackingOf(fields.settings, fields.credentials)];
  if (lacking.length === 0) return { mode: 'live', ...fields };
  const named = (of: readonly string[]) => of.map((field) => variableOf(kind, field)).join(', ');
  throw new StartupError(`Configuration: ${named(given)} given without ${named(lacking)}.`);
}

function givenFields(
  kind: ProviderKind,
  variables: PlatformVariables,
): Pick<Account & { mode: 'live' }, 'settings' | 'credentials'> {
  const { settings, credentials } = kindOf(kind);
  const fieldsOf = ({ shape }: z.ZodObject) =>
    Object.fromEntries(
      Object.keys(shape).flatMap((field) => {
        const text = textOf(variables[variableOf(kind, field)]);
        return text === undefined ? [] : [[field, text]];
      }),
    );
  return { settings: fieldsOf(settings), credentials: fieldsOf(credentials) };
}

const isOptional = (schema: z.ZodType) => schema.safeParse(undefined).success;

function textOf(value: unknown): string | undefined {
  if (value instanceof Secret) return String(value.reveal());
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : undefined;
}

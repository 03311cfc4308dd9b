import type { ProviderKind } from '@watchword/contracts';
import { Secret } from '@watchword/platform';
import type { z } from 'zod';
import { wholeCredentials } from './credentials.ts';
import { kindOf } from './kinds.ts';
import type { SmsProvider } from './provider.ts';
import type { Account, Surroundings } from './provider-kind.ts';
import { PLATFORM_SANDBOX_TOKEN } from './sandbox-account.ts';

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
  surroundings: Omit<Surroundings, 'baseUrl'>,
): SmsProvider[] {
  const { createProvider } = kindOf(kind);
  const baseUrl = baseUrlOf(kind, variables);
  const live = liveAccount(kind, variables, baseUrl);
  const twin = { mode: 'test', settings: {}, sandboxToken: PLATFORM_SANDBOX_TOKEN } as const;
  const accounts: Account[] = live === undefined ? [twin] : [live, twin];
  return accounts.map((account) => createProvider(account, { ...surroundings, baseUrl }));
}

function liveAccount(
  kind: ProviderKind,
  variables: PlatformVariables,
  baseUrl: string | undefined,
): Account | undefined {
  const { settings, credentials } = kindOf(kind);
  const given = (field: string) => textOf(variables[variableOf(kind, field)]);
  const required = [settings, credentials].flatMap(({ shape }) =>
    Object.keys(shape).filter((field) => !isOptional(shape[field] as z.ZodType)),
  );
  const whole = wholeCredentials(Object.fromEntries(required.map((field) => [variableOf(kind, field), given(field)])), {
    [variableOf(kind, 'base_url')]: baseUrl,
  });
  if (whole === undefined) return undefined;
  const fieldsOf = ({ shape }: z.ZodObject) =>
    Object.fromEntries(
      Object.keys(shape).flatMap((field) => {
        const text = given(field);
        return text === undefined ? [] : [[field, text]];
      }),
    );
  return { mode: 'live', settings: fieldsOf(settings), credentials: fieldsOf(credentials) };
}

const isOptional = (schema: z.ZodType) => schema.safeParse(undefined).success;

function textOf(value: unknown): string | undefined {
  if (value instanceof Secret) return String(value.reveal());
  return typeof value === 'string' ? value : undefined;
}

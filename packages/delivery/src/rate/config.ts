import { PROVIDER_KINDS, type ProviderKind } from '@watchword/contracts';
import { integerVariable } from '@watchword/platform';

const SENDS_PER_SECOND_MAX = 10_000;

const nameOf = (kind: ProviderKind) => `${kind.toUpperCase()}_SENDS_PER_SECOND`;

const variableOf = (kind: ProviderKind) =>
  integerVariable(1, SENDS_PER_SECOND_MAX)
    .optional()
    .describe(`Most messages per second that the platform’s own ${kind} account gets, from all workers together`);

/** WhatsApp Web is the projects' own alone. */
const CAPPED = PROVIDER_KINDS.filter((kind) => kind !== 'baileys');
type Capped = (typeof CAPPED)[number];

type SendRateVariables = {
  readonly [K in Capped as `${Uppercase<K>}_SENDS_PER_SECOND`]: ReturnType<typeof variableOf>;
};

/** How fast the platform's own accounts may be sent through: without a figure, as fast as messages come. */
export const sendRateVariables = Object.fromEntries(
  CAPPED.map((kind) => [nameOf(kind), variableOf(kind)]),
) as SendRateVariables;

/** Undefined: no bound. */
export function sendsPerSecondOf(kind: ProviderKind, variables: Readonly<Record<string, unknown>>): number | undefined {
  const given = variables[nameOf(kind)];
  return typeof given === 'number' ? given : undefined;
}

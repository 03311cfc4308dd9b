import { z } from 'zod';
import { StartupError } from './errors.ts';
import { Secret } from './secret.ts';

/** Variables by name, as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads one service's slice of the environment. Every problem is reported at once, by name; values are never printed.
 * An empty variable counts as unset.
 */
export function parseEnvironment<T extends z.ZodObject>(schema: T, environment: Environment): z.infer<T> {
  const present = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
  const parsed = schema.safeParse(present);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
  throw new StartupError(`Configuration: ${problems.join('; ')}.`);
}

/** A whole number within bounds. */
export const integerVariable = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `must be a whole number from ${minimum} to ${maximum}`)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, `must be from ${minimum} to ${maximum}`);

/** A TCP port; 0 means any free one. */
export const portVariable = () => integerVariable(0, 65_535);

/** 32 bytes as 43 base64url characters. */
export const keyVariable = () =>
  z
    .string({ error: 'is required: 32 random bytes as base64url' })
    .regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes as 43 base64url characters')
    .transform((text) => new Secret(Buffer.from(text, 'base64url')));

/** Text that must not be printed. */
export const secretVariable = () => z.string({ error: 'is required' }).transform((text) => new Secret(text));

/** `redis://…`, or several separated by commas for a Redis Cluster. */
export const redisUrlVariable = () =>
  z
    .string({ error: 'is required, e.g. redis://127.0.0.1:6379' })
    .regex(/^rediss?:\/\/[^,]+(,rediss?:\/\/[^,]+)*$/, 'must be redis://… (several, by commas, for a Cluster)')
    .transform((text) => new Secret(text));

/** What every service reads. */
export const commonVariables = {
  REDIS_URL: redisUrlVariable().describe('Redis ≥ 7; several URLs, by commas, for a Cluster'),
  LISTEN_HOST: z.string().default('127.0.0.1').describe('Address that servers listen on'),
  ADMIN_PORT: portVariable().prefault('0').describe('`/livez`, `/readyz`, `/metrics`; 0 = any free port'),
  STOP_GRACE_SECONDS: integerVariable(3, 600)
    .prefault('20')
    .describe('How long SIGTERM waits for what was accepted; then the process says what did not end and exits with 1'),
  DEBUG: z
    .string()
    .refine(
      (names) => !/vonage|ioredis|^\*|[\s,]\*/.test(names),
      'must not cover vonage or ioredis, which would print codes and credentials',
    )
    .optional()
    .describe('Debug output of libraries; refused where it would print codes or credentials'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Lowest level written to stderr'),
};

export interface VariableDescription {
  readonly name: string;
  readonly default: string;
  readonly meaning: string;
}

/** The rows of the configuration table, straight from a schema. */
export function describeEnvironment(schema: z.ZodObject): VariableDescription[] {
  const properties = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }).properties ?? {};
  return Object.entries(properties).map(([name, property]) => {
    const { default: preset, description = '' } = typeof property === 'object' ? property : {};
    return { name, default: typeof preset === 'string' ? preset : '', meaning: description };
  });
}

import { join, resolve } from 'node:path';
import {
  dataDirectoryOf,
  type Environment,
  keyRingVariable,
  parseEnvironment,
  StartupError,
  withDataDirectory,
} from '@watchword/platform';
import { type RecordsTarget, recordsTarget, recordsVariables } from '@watchword/records';
import { z } from 'zod';

/** One word after `npx watchword`. */
export interface Command {
  readonly usage: string;
  readonly does: string;
  run(args: readonly string[]): Promise<void>;
}

/** What the person who calls must mend; its message is all they see. */
export class CommandRefused extends Error {
  override readonly name = 'CommandRefused';
}

export const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Writes over its own line on a terminal; elsewhere a line each time would be a flood, so only each tenth second. */
export function createProgress(): { show(line: string): void; end(): void } {
  const isTerminal = process.stderr.isTTY;
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    show(line) {
      const isDue = performance.now() - shownAt > (isTerminal ? 100 : 10_000);
      if (!isDue) return;
      shownAt = performance.now();
      process.stderr.write(isTerminal ? `\r\u001b[K${line}` : `${line}\n`);
    },
    end() {
      if (isTerminal) process.stderr.write('\r\u001b[K');
    },
  };
}

/** Where the records of this installation are: as the services find them. */
export function readTarget(environment: Environment = process.env): RecordsTarget {
  const completed = withDataDirectory(environment, Object.keys(recordsVariables));
  return (
    recordsTarget(parseEnvironment(z.object(recordsVariables), completed)) ?? {
      file: join(resolve(dataDirectoryOf(environment)), 'records.db'),
    }
  );
}

const ringVariables = z.object({ SEAL_KEY: keyRingVariable(), INDEX_KEY: keyRingVariable() });

/** The rings that seal and index what is recorded. */
export const readRings = (environment: Environment = process.env) =>
  parseEnvironment(ringVariables, withDataDirectory(environment, Object.keys(ringVariables.shape)));

export const isOperatorsFault = (error: unknown): error is Error =>
  error instanceof CommandRefused ||
  error instanceof StartupError ||
  (error instanceof Error && error.name === 'RecordsUnavailable');

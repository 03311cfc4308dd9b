import { parseArgs } from 'node:util';
import { StartupError } from '@watchword/platform';

export interface MeasureOptions {
  readonly documents: number;
  /** Searches of each kind. */
  readonly queries: number;
  /** A MongoDB-wire server, in which a database is made and dropped; without it, an SQLite file in a temporary directory. */
  readonly mongodbUrl: string | undefined;
  readonly seed: number;
}

const USAGE = `npm run measure:search -- [options]
  --documents 1000000     verifications to search in
  --queries 100           searches of each kind
  --mongodb-url mongodb://127.0.0.1:27017/   in a database of its own there, instead of an SQLite file
  --seed 1                of what is made and asked for`;

/** @throws StartupError with what is wrong and the usage */
export function parseOptions(args: readonly string[]): MeasureOptions {
  const { values } = parse(args);
  return {
    documents: wholeNumber('documents', values.documents, 1_000),
    queries: wholeNumber('queries', values.queries, 1),
    mongodbUrl: values['mongodb-url'],
    seed: wholeNumber('seed', values.seed, 0),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        documents: { type: 'string', default: '1000000' },
        queries: { type: 'string', default: '100' },
        'mongodb-url': { type: 'string' },
        seed: { type: 'string', default: '1' },
      },
    });
  } catch (error) {
    throw new StartupError(`${error instanceof Error ? error.message : 'unknown option'}\n${USAGE}`);
  }
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new StartupError(`--${name} must be a whole number from ${least}\n${USAGE}`);
}

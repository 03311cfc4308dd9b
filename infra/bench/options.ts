import { parseArgs } from 'node:util';
import { ROW_IDS, type RowId } from './rows.ts';

export interface BenchOptions {
  readonly only: ReadonlySet<RowId>;
  readonly rounds: number;
  /** Work of a round, as a share of a full one. */
  readonly scale: number;
  /** Open verifications of the crowded Redis. */
  readonly crowd: number;
  readonly json: boolean;
  readonly logLevel: string;
}

const USAGE = `npm run bench -- [options]
  --only ${ROW_IDS.join(',')}   only these rows
  --quick             short rounds, and 10⁴ open verifications instead of 10⁶
  --smoke             one tiny round: does it run?
  --rounds 5          interleaved rounds
  --log-level info    of the services
  --json              figures of each round as JSON instead of the table`;

const FULL = { scale: 1, crowd: 1_000_000 };
const QUICK = { scale: 0.15, crowd: 10_000 };
/** Says nothing but that it runs. */
const SMOKE = { scale: 0.02, crowd: 2_000, rounds: 1 };

/** Throws with what is wrong and the usage. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: ROW_IDS.join(',') },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      'log-level': { type: 'string', default: 'info' },
      smoke: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 99)
    throw new Error(`--rounds must be from 1 to 99\n${USAGE}`);
  const only = values.only.split(',').map((id) => {
    const known = ROW_IDS.find((each) => each === id);
    if (known === undefined) throw new Error(`There is no row "${id}"\n${USAGE}`);
    return known;
  });
  return {
    only: new Set(only),
    rounds,
    ...(values.smoke ? SMOKE : values.quick ? QUICK : FULL),
    json: values.json,
    logLevel: values['log-level'],
  };
}

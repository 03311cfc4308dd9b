import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Disposer } from '@watchword/platform';
import { type Cores, chooseCores, describeOtherWork, measureSyncMs } from './machine.ts';
import type { BenchOptions } from './options.ts';
import { brief } from './statistics.ts';

/** What every measure works with. */
export interface Bench {
  readonly options: BenchOptions;
  readonly cores: Cores | null;
  readonly otherWork: string;
  /** What one fdatasync takes where Redis writes: each write of a send waits for one. */
  readonly syncMs: string;
  /** Of this run; gone when it ends. */
  readonly directory: string;
  /** Ends what the run has started, in case it is interrupted. */
  readonly disposer: Disposer;
  /** Says on stderr what is going on. */
  readonly progress: (line: string) => void;
}

/** Pins this process, which is the load, beside where Redis will be; makes the run's directory. */
export function createBench(options: BenchOptions, disposer: Disposer): Bench {
  const directory = mkdtempSync(join(tmpdir(), 'watchword-bench-'));
  disposer.add(() => rmSync(directory, { recursive: true, force: true }));
  const progress = (line: string) => process.stderr.write(`${line}\n`);
  return {
    options,
    cores: chooseCores(),
    otherWork: describeOtherWork(),
    syncMs: brief(measureSyncMs(directory)),
    directory,
    disposer,
    progress,
  };
}

import { describe, inject } from 'vitest';
import './provided.ts';

/**
 * A suite of the project `mongo`, given the URL of its server. Where none can be had, each of its tests counts as skipped,
 * and the run's summary says why.
 */
export function describeMongo(name: string, suite: (mongoUrl: string) => void): void {
  const url = inject('mongoUrl');
  // No hook and no test of a skipped suite runs, so nobody gets to use the URL that is not there.
  const describeIt = url === undefined ? describe.skip : describe;
  describeIt(name, () => {
    suite(url ?? '');
  });
}

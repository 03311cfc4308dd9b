import { join } from 'node:path';
import { handOver, SIGNAL_EXIT_CODE } from './hand-over.mjs';
import { ROOT } from './setup-error.mjs';

const bin = (/** @type {string} */ name) => join(ROOT, 'node_modules/.bin', name);
const BIOME = ['check', '--no-errors-on-unmatched', '--error-on-warnings'];
const CRUISED = ['packages', 'services', 'infra'];

/** Each check: its name, the program, its arguments. All of them run, whatever the ones before found. */
const CHECKS = /** @type {const} */ ([
  ['format', 'biome', BIOME],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['dependency direction', 'depcruise', ['--config', '.dependency-cruiser.mjs', ...CRUISED]],
  ['unused code', 'knip', ['--no-config-hints', '--no-progress']],
  // With tsconfig.test.json among the references: sources, tests and the programs under infra/.
  ['types', 'tsc', ['-b']],
]);

/**
 * @param {{ environment: NodeJS.ProcessEnv, write: boolean }} options `write` formats instead of checking
 * @returns {Promise<number>} 0 when every check passed
 */
export async function runLint({ environment, write }) {
  if (write) return handOver(bin('biome'), [...BIOME, '--write'], environment);
  const failed = [];
  for (const [name, program, args] of CHECKS) {
    const since = performance.now();
    const code = await handOver(bin(program), args, environment);
    if (code > SIGNAL_EXIT_CODE) return code;
    const seconds = ((performance.now() - since) / 1_000).toFixed(1);
    process.stdout.write(`${code === 0 ? 'ok' : 'FAILED'}  ${name} (${seconds} s)\n`);
    if (code !== 0) failed.push(name);
  }
  process.stdout.write(failed.length === 0 ? 'lint: ok\n' : `lint: failed: ${failed.join(', ')}\n`);
  return failed.length === 0 ? 0 : 1;
}

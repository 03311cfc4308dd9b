// The one command behind every script of package.json. It needs Node 20 and npm, installs the rest, and hands over to
// Node 24. Only the standard library, and only what Node 20 understands.
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cleanEnvironment } from './environment.mjs';
import { handOver } from './hand-over.mjs';
import { ensureInstalled } from './install.mjs';
import { explainFileError } from './install-failure.mjs';
import { runLint } from './lint.mjs';
import { findNode24 } from './node-24.mjs';
import { ROOT, SetupError } from './setup-error.mjs';
import { runTests } from './test-run.mjs';

const NODE_MAJOR_MIN = 20;
const SOURCE = '--conditions=watchword-source';
/** Idle, a service holds 12 MB less than with Node's default of 16, and answers at the same cost. */
const YOUNG_GENERATION = '--max-semi-space-size=4';
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');

/** What Node 24 shall run: its arguments. @type {Record<string, (args: string[]) => string[]>} */
const COMMANDS = {
  start: ([service]) => [SOURCE, YOUNG_GENERATION, servicePath(service ?? 'standalone')],
  test: (args) => [VITEST, 'run', ...projects('unit', 'integration', 'cluster', 'mongo', 'system'), ...args],
  chaos: (args) => [VITEST, 'run', ...projects('chaos'), ...args],
  soak: (args) => [VITEST, 'run', ...projects('soak'), ...args],
  'test:delivery': (args) => [VITEST, 'run', ...projects('delivery'), ...args],
  'soak:delivery': (args) => [VITEST, 'run', ...projects('soak-delivery'), ...args],
  bench: (args) => [SOURCE, join(ROOT, 'infra/bench/main.ts'), ...args],
  'measure:search': (args) => [SOURCE, join(ROOT, 'infra/search/main.ts'), ...args],
  build: (args) => [join(ROOT, 'node_modules/turbo/bin/turbo'), 'run', 'build', ...args],
  mongo: (args) => [SOURCE, join(ROOT, 'infra/mongo/main.ts'), ...args],
  keys: (args) => [SOURCE, join(ROOT, 'infra/keys/main.ts'), ...args],
  watchword: (args) => [SOURCE, join(ROOT, 'infra/watchword/main.ts'), ...args],
  docs: (args) => [SOURCE, join(ROOT, 'infra/docs/main.ts'), ...args],
};

const projects = (/** @type {string[]} */ ...names) => names.map((name) => `--project=${name}`);

/** @param {string} service */
function servicePath(service) {
  const path = join(ROOT, 'services', service, 'src/main.ts');
  if (existsSync(path)) return path;
  const known = readdirSync(join(ROOT, 'services')).filter((name) =>
    existsSync(join(ROOT, 'services', name, 'src/main.ts')),
  );
  throw new SetupError(`There is no service "${service}": choose one of ${known.join(', ')}.`);
}

function checkPlatform() {
  if (!['linux', 'darwin'].includes(process.platform)) {
    throw new SetupError(`Watchword runs on Linux and macOS, not on ${process.platform}: use WSL 2 or a container.`);
  }
  if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR_MIN) {
    throw new SetupError(`Node ${process.versions.node} is too old: install Node ${NODE_MAJOR_MIN} or later.`);
  }
}

/** @param {string[]} argv */
async function main([command = '', ...args]) {
  checkPlatform();
  const isTool = command === 'lint' || command === 'format';
  const describeProgram = COMMANDS[command];
  if (!isTool && !describeProgram) {
    throw new SetupError(`Usage: bootstrap.mjs ${[...Object.keys(COMMANDS), 'lint', 'format'].join('|')}`);
  }
  const environment = cleanEnvironment(process.env);
  await ensureInstalled(environment);
  const node = findNode24();
  if (['start', 'mongo', 'watchword'].includes(command))
    environment.DATA_DIR = resolve(ROOT, environment.DATA_DIR || '.data');
  environment.TURBO_TELEMETRY_DISABLED ||= '1';
  environment.NODE_COMPILE_CACHE ||= join(ROOT, 'node_modules/.cache/compile');
  environment.PATH = `${join(ROOT, 'node_modules/.bin')}:${environment.PATH ?? ''}`;
  if (!process.stdout.isTTY && !environment.FORCE_COLOR) environment.NO_COLOR = '1';
  if (!describeProgram) return runLint({ environment, write: command === 'format' });
  const isTestRun = ['test', 'chaos', 'soak', 'test:delivery', 'soak:delivery'].includes(command);
  return (isTestRun ? runTests : handOver)(node, describeProgram(args), environment);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const message = error instanceof SetupError ? error.message : explainFileError(error);
  if (message === undefined) throw error;
  process.stderr.write(`watchword: ${message}\n`);
  process.exitCode = 1;
}

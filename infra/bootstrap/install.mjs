import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { explainFailure } from './install-failure.mjs';
import { holdInstallLock } from './install-lock.mjs';
import { makeFolder, ROOT, SetupError } from './setup-error.mjs';

const PNPM = 'pnpm@12.21.0';
const STAMP = join(ROOT, 'node_modules/.watchword-installed');
const LOG = join(ROOT, '.cache/install.log');
const PROGRESS_EVERY_MS = 5_000;

/**
 * Installs what the lockfile names, unless that was done already. Says so on stderr, and in one line what to do when it
 * cannot be done.
 *
 * @param {NodeJS.ProcessEnv} environment
 */
export async function ensureInstalled(environment) {
  const wanted = fingerprint();
  const isInstalled = () => existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted;
  if (isInstalled()) return;
  makeFolder(join(ROOT, '.cache'));
  const release = await holdInstallLock(join(ROOT, '.cache/install.lock'), say);
  try {
    if (isInstalled()) return;
    await install(environment);
    writeFileSync(STAMP, wanted);
  } finally {
    release();
  }
}

/** Changes when anything changes that decides what is installed. */
function fingerprint() {
  const manifests = ['packages', 'services'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((name) => join(folder, name, 'package.json')),
  );
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${PNPM}\n`);
  const fixed = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', 'infra/package.json'];
  for (const file of [...fixed, ...manifests.toSorted()]) {
    const path = join(ROOT, file);
    if (existsSync(path)) hash.update(`${file}\n`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

/** @param {NodeJS.ProcessEnv} environment */
async function install(environment) {
  const since = Date.now();
  say(`installing packages with ${PNPM} (the first time takes about half a minute)`);
  const { code, output } = await runPnpm(environment, since);
  if (code !== 0) throw new SetupError(`${explainFailure(output)}${keepLog(output)}`);
  say(`packages are installed (${seconds(since)})`);
}

/**
 * @param {NodeJS.ProcessEnv} environment
 * @param {number} since
 * @returns {Promise<{ code: number, output: string }>}
 */
function runPnpm(environment, since) {
  const npm = ['exec', '--yes', '--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
  const pnpm = ['pnpm', 'install', '--frozen-lockfile', '--reporter=append-only'];
  const child = spawn('npm', [...npm, '--package', PNPM, '--', ...pnpm], {
    cwd: ROOT,
    // CI: nobody is there to be asked, and a half-made node_modules is made anew.
    env: { ...environment, CI: 'true', npm_config_loglevel: 'notice', npm_config_update_notifier: 'false' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  /** @param {Buffer} chunk */
  const collect = (chunk) => {
    output += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const timer = setInterval(() => {
    const progress = output.split('\n').findLast((line) => line.startsWith('Progress:'));
    say(`still installing (${seconds(since)})${progress ? `: ${progress.slice('Progress: '.length).trim()}` : ''}`);
  }, PROGRESS_EVERY_MS);
  const stop = () => child.kill('SIGTERM');
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.once(signal, stop);
  return new Promise((resolve) => {
    /** @param {number} code */
    const end = (code) => {
      clearInterval(timer);
      for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.off(signal, stop);
      resolve({ code, output });
    };
    child.once('error', (error) => {
      output += `\n${error.message}`;
      end(127);
    });
    child.once('close', (code, signal) => {
      if (signal) output += `\nended by ${signal}`;
      end(code ?? 1);
    });
  });
}

/** @param {string} output */
function keepLog(output) {
  try {
    writeFileSync(LOG, output);
    return ` (all of it: ${LOG})`;
  } catch {
    // A full disk is one of the failures told here; the line that tells it must come through.
    return '';
  }
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`watchword: ${line}\n`);
}

/** @param {number} since */
function seconds(since) {
  return `${Math.round((Date.now() - since) / 1_000)} s`;
}

import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** For a headless run that neither calls home nor needs a sandbox of its own (containers and root have none). */
export const CHROMIUM_ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * A Chromium to drive: `CHROMIUM_PATH`, else one on PATH, else, as root on Debian, the distribution's own by apt-get.
 * Undefined when there is none to be had; the test that asks says so and is skipped.
 */
export async function findChromium(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string | undefined> {
  const named = environment.CHROMIUM_PATH;
  if (named) {
    if (!isExecutable(named)) throw new Error('CHROMIUM_PATH names no executable file');
    return named;
  }
  const present = findOnPath(environment.PATH);
  if (present !== undefined) return present;
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined;
  process.stderr.write('No chromium on this machine: installing Debian’s by apt-get (about a minute, once)…\n');
  if (!(await runAptGet('update')) || !(await runAptGet('install', '--no-install-recommends', 'chromium'))) {
    process.stderr.write('apt-get could not install chromium.\n');
    return undefined;
  }
  return findOnPath(environment.PATH);
}

function findOnPath(path: string | undefined): string | undefined {
  const directories = (path ?? '').split(delimiter).filter((directory) => directory !== '');
  return NAMES.flatMap((name) => directories.map((directory) => join(directory, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Absent or not ours to run: both mean to look further.
    return false;
  }
}

function runAptGet(...command: string[]): Promise<boolean> {
  const child = spawn('apt-get', ['-y', '-q', '-o', 'DPkg::Lock::Timeout=120', ...command], {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return new Promise((resolve) => {
    child.once('error', () => resolve(false));
    child.once('exit', (status) => resolve(status === 0));
  });
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cleanEnvironment } from './environment.mjs';
import { explainFailure } from './install-failure.mjs';
import { holdInstallLock } from './install-lock.mjs';
import { ROOT } from './setup-error.mjs';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'watchword-bootstrap-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('explainFailure', () => {
  it.each([
    ['npm error code ENOSPC', /disk is full/],
    ['npm error network request to http://registry failed, reason: getaddrinfo ENOTFOUND registry', /registry/],
    ['npm error code ECONNREFUSED', /registry could be reached/],
    ['EACCES: permission denied, mkdir', /cannot be written/],
    [' ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with "frozen-lockfile"', /does not match a package\.json/],
    ['spawn npm ENOENT', /npm is not on PATH/],
  ])('answers %j with one line that says what to do', (output, remedy) => {
    expect(explainFailure(output)).toMatch(remedy);
    expect(explainFailure(output)).not.toContain('\n');
  });

  it('shows the complaint itself when it knows no remedy', () => {
    expect(explainFailure('Progress: 1\n ERR_PNPM_SOMETHING  odd\nbye\n')).toBe(
      'Packages could not be installed: ERR_PNPM_SOMETHING  odd',
    );
  });
});

describe('cleanEnvironment', () => {
  it('drops what npm says about its script, and keeps what a person set', () => {
    const environment = {
      HOME: directory,
      npm_package_name: 'watchword',
      npm_lifecycle_event: 'start',
      npm_config_local_prefix: '/elsewhere',
      npm_config_registry: 'http://registry.example',
      PORT: '1',
    };
    expect(cleanEnvironment(environment)).toEqual({
      HOME: directory,
      npm_config_registry: 'http://registry.example',
      PORT: '1',
    });
  });

  it.each([[undefined], [''], ['/nonexistent/home']])('finds a place for caches when HOME is %j', (home) => {
    expect(cleanEnvironment({ HOME: home }).HOME).toBe(join(ROOT, '.cache/home'));
  });
});

describe('holdInstallLock', () => {
  it('lets the second wait until the first is done, and says for whom', async () => {
    const path = join(directory, 'lock');
    const lines: string[] = [];
    const order: string[] = [];
    const releaseFirst = await holdInstallLock(path, (line) => lines.push(line));
    const second = holdInstallLock(path, (line) => {
      lines.push(line);
      order.push('first is done');
      releaseFirst();
    });
    const releaseSecond = await second;
    order.push('second has it');
    releaseSecond();
    expect(order).toEqual(['first is done', 'second has it']);
    expect(lines).toEqual([`waiting for process ${process.pid}, which is installing packages`]);
  });

  it('is taken over from a process that has gone', async () => {
    const gone = spawn('true');
    await once(gone, 'exit');
    const path = join(directory, 'lock');
    writeFileSync(path, String(gone.pid));
    const release = await holdInstallLock(path, () => expect.fail('waited for a process that has gone'));
    release();
  });
});

describe('handOver', () => {
  /** A parent that hands over to a child which tells each SIGTERM it gets and ends with code 7 at the first. */
  function startParent(): ChildProcess & { stdout: NodeJS.ReadableStream } {
    const program = `process.on('SIGTERM', () => { console.log('got SIGTERM'); setTimeout(() => process.exit(7), 50); });
      setInterval(() => {}, 1000); console.log('ready');`;
    const parent = `import { handOver } from ${JSON.stringify(join(ROOT, 'infra/bootstrap/hand-over.mjs'))};
      process.exitCode = await handOver(process.execPath, ['--eval', ${JSON.stringify(program)}], process.env);`;
    return spawn(process.execPath, ['--input-type=module', '--eval', parent], { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  it('passes a signal on once, outlives the program, and ends with its code', async () => {
    const parent = startParent();
    let output = '';
    parent.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output === 'ready\n') {
        parent.kill('SIGTERM');
        parent.kill('SIGTERM');
      }
    });
    const [code] = (await once(parent, 'close')) as [number | null];
    expect({ code, output }).toEqual({ code: 7, output: 'ready\ngot SIGTERM\n' });
  });
});

/** One that ended stays a zombie until its new parent collects it. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('runTests', () => {
  it('ends what a run left behind, in its group or below its TMPDIR, and fails the run for it', async () => {
    const sleeper = "['--eval', 'setInterval(() => {}, 1000)']";
    const run = `import { spawn } from 'node:child_process';
      const children = [
        spawn(process.execPath, ${sleeper}, { stdio: 'ignore' }),
        spawn(process.execPath, ${sleeper}, { stdio: 'ignore', detached: true, cwd: process.env.TMPDIR }),
      ];
      console.log(JSON.stringify(children.map((child) => child.pid)));
      process.exit(0);`;
    const program = `import { runTests } from ${JSON.stringify(join(ROOT, 'infra/bootstrap/test-run.mjs'))};
      process.exitCode = await runTests(process.execPath, ['--input-type=module', '--eval', ${JSON.stringify(run)}], process.env);`;
    const runner = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    runner.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
    runner.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
    const [code] = (await once(runner, 'close')) as [number | null];
    expect(code).toBe(1);
    expect(output.stderr).toMatch(/^watchword: the tests left processes behind, which were ended: .*; .*\n$/);
    const pids = JSON.parse(output.stdout) as number[];
    expect(pids).toHaveLength(2);
    expect(pids.filter(isRunning)).toEqual([]);
  }, 15_000);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { acquireDataDirectory, DataDirectoryInUseError } from '../src/redis-server/index.ts';

let parent: string;
let directory: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'watchword-lock-'));
  directory = join(parent, 'data');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const contender = (target: string) =>
  spawn(
    process.execPath,
    [
      '--conditions=watchword-source',
      '--input-type=module',
      '--eval',
      `import { acquireDataDirectory } from '@watchword/platform/redis-server';
       try { acquireDataDirectory(${JSON.stringify(target)}); console.log('owner'); }
       catch (error) { console.log(error.name === 'StartupError' ? 'refused' : error); }
       setInterval(() => {}, 1000);`,
    ],
    { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] },
  );

async function firstLine(child: ReturnType<typeof contender>): Promise<string> {
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return line;
}

it('makes the directory for its owner only, and refuses a second owner in the same process', () => {
  using lock = acquireDataDirectory(directory);
  expect(lock.directory).toBe(directory);
  expect(statSync(directory).mode & 0o077).toBe(0);
  expect(() => acquireDataDirectory(directory)).toThrow(DataDirectoryInUseError);
});

it('can be had again once released', () => {
  acquireDataDirectory(directory).release();
  const lines: string[] = [];
  acquireDataDirectory(directory, (line) => lines.push(line)).release();
  expect(lines).toEqual([]);
});

it('has one owner when five processes race for it, and is free again when that one is killed', async () => {
  const children = Array.from({ length: 5 }, () => contender(directory));
  try {
    const words = await Promise.all(children.map(firstLine));
    expect(words.toSorted()).toEqual(['owner', 'refused', 'refused', 'refused', 'refused']);

    const owner = children[words.indexOf('owner')];
    const exited = owner && once(owner, 'exit');
    owner?.kill('SIGKILL');
    await exited;
    const lines: string[] = [];
    using _lock = acquireDataDirectory(directory, (line) => lines.push(line));
    expect(lines).toEqual([`${directory}: its last owner, process ${owner?.pid}, ended without cleaning up`]);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
});

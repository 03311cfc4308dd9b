import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { changeKeysFile, type KeysFile, readKeysFile } from '../src/keys-file.ts';

const run = promisify(execFile);
const MODULE = fileURLToPath(new URL('../src/keys-file.ts', import.meta.url));
const PROCESSES = 6;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'watchword-keys-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const stored = () => JSON.parse(readFileSync(join(directory, 'keys.json'), 'utf8')) as KeysFile;

/** What each of several processes that start at once gets from `expression`, over the same directory. */
async function inEachProcess(expression: string): Promise<string[]> {
  const program = `import * as file from ${JSON.stringify(MODULE)};
    process.stdout.write(JSON.stringify(${expression}));`;
  const args = ['--conditions=watchword-source', '--input-type=module', '--eval', program, directory];
  const results = await Promise.all(Array.from({ length: PROCESSES }, () => run(process.execPath, args)));
  return results.map(({ stdout }) => stdout);
}

test('processes that start at once on an empty directory get the same keys', async () => {
  const got = await inEachProcess('file.readKeysFile(process.argv[1])');
  expect(new Set(got)).toEqual(new Set([JSON.stringify(stored())]));
});

test('keys of an earlier version are completed once, and what they had stays', async () => {
  const { token: _, changes: _none, ...earlier } = readKeysFile(directory);
  writeFileSync(join(directory, 'keys.json'), JSON.stringify(earlier));
  const got = await inEachProcess('file.readKeysFile(process.argv[1])');
  expect(new Set(got).size).toBe(1);
  expect(stored()).toMatchObject({ ...earlier, token: expect.stringMatching(/^[\w-]{43}$/) });
  expect(statSync(join(directory, 'keys.json')).mode & 0o777).toBe(0o600);
});

test('no change is lost when several are made at once', async () => {
  readKeysFile(directory);
  const append = '(keys) => ({ ...keys, pepper: `${keys.pepper},x` })';
  await inEachProcess(`file.changeKeysFile(process.argv[1], ${append})`);
  expect(stored().pepper.split(',x')).toHaveLength(PROCESSES + 1);
});

test('keys that lack more than what came later are damaged, and are left as they are', () => {
  const { pepper: _, ...rest } = readKeysFile(directory);
  writeFileSync(join(directory, 'keys.json'), JSON.stringify(rest));
  expect(() => readKeysFile(directory)).toThrow(/is damaged/);
  expect(stored()).toEqual(rest);
});

test('what a later version keeps in the file survives', () => {
  writeFileSync(join(directory, 'keys.json'), JSON.stringify({ ...readKeysFile(directory), novel: 'kept' }));
  changeKeysFile(directory, (keys) => ({ ...keys, hop: 'changed' }));
  expect(stored()).toMatchObject({ novel: 'kept', hop: 'changed' });
});

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeWhole } from './whole-directory.ts';

let directory: string;
beforeEach(({ skip }) => {
  skip(process.platform !== 'linux', 'it is for DocumentDB, which is installed on Debian only');
  directory = mkdtempSync(join(tmpdir(), 'watchword-whole-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const make = (partial: string) => {
  writeFileSync(join(partial, 'made'), '');
  return Promise.resolve();
};

test('what an earlier run left half-made is made anew', async () => {
  const path = join(directory, 'tool');
  mkdirSync(`${path}.partial`);
  writeFileSync(join(`${path}.partial`, 'half'), '');
  await makeWhole(path, make);
  expect(readdirSync(path)).toEqual(['made']);
  expect(readdirSync(directory)).toEqual(['tool']);
});

test('what fails is not there afterwards', async () => {
  const path = join(directory, 'tool');
  await expect(makeWhole(path, () => Promise.reject(new Error('no network')))).rejects.toThrow('no network');
  expect(existsSync(path)).toBe(false);
  await makeWhole(path, make);
  expect(readdirSync(path)).toEqual(['made']);
});

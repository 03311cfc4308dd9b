import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findChromium } from './chromium.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'watchword-path-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function placeFile(name: string, mode: number): string {
  const path = join(directory, name);
  writeFileSync(path, '');
  chmodSync(path, mode);
  return path;
}

describe('findChromium', () => {
  it('takes CHROMIUM_PATH before what is on PATH', async () => {
    placeFile('chromium', 0o755);
    const named = placeFile('my-browser', 0o755);
    expect(await findChromium({ CHROMIUM_PATH: named, PATH: directory })).toBe(named);
  });

  it('finds a browser on PATH', async () => {
    const placed = placeFile('google-chrome', 0o755);
    expect(await findChromium({ PATH: `/nowhere::${directory}` })).toBe(placed);
  });

  it('refuses a CHROMIUM_PATH that names nothing to run', async () => {
    await expect(findChromium({ CHROMIUM_PATH: join(directory, 'absent'), PATH: directory })).rejects.toThrow(
      'CHROMIUM_PATH',
    );
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ROW_IDS } from './rows.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

test('the benchmark runs through and prints every row', async () => {
  const args = ['--conditions=watchword-source', MAIN, '--smoke', '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code).toBe(0);
  const { rows } = JSON.parse(output) as { rows: { row: string; figure: number | null }[] };
  expect(rows.map(({ row }) => row).toSorted()).toEqual([...ROW_IDS].toSorted());
}, 120_000);

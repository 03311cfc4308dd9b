import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const FIXTURE = fileURLToPath(new URL('./logger.fixture.ts', import.meta.url));
const LINES = 2_000;

test('a reader of the log that has stopped does not stop the process, and a flush before the exit writes what is left', async () => {
  // Variables that colour the output would have Node itself write a warning among the lines.
  const child = spawn(process.execPath, ['--conditions=watchword-source', FIXTURE], { stdio: 'pipe', env: {} });
  onTestFinished(() => void child.kill('SIGKILL'));
  // Nobody reads stderr yet, and the pipe holds 64 KiB of the megabyte.
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  expect(said.toString()).toBe('turning\n');
  const log = text(child.stderr);
  child.stdin.write('end\n');
  const lines = (await log).trimEnd().split('\n');
  expect(lines).toHaveLength(LINES);
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ line: LINES - 1 });
});

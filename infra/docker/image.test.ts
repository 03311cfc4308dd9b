import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DOCKERFILE = 'infra/docker/Dockerfile';
const BUILD_MS = 600_000;

const run = promisify(execFile);
const docker = async (...args: string[]) =>
  (await run('docker', args, { cwd: ROOT, maxBuffer: 64 * 1024 ** 2 })).stdout;
const works = (command: Promise<unknown>) =>
  command.then(
    () => true,
    () => false,
  );

test('an image is built from the repository, becomes healthy with a read-only root, and ends in order', {
  timeout: BUILD_MS,
}, async ({ skip }) => {
  const base = /^ARG NODE_IMAGE=(\S+)$/m.exec(readFileSync(`${ROOT}${DOCKERFILE}`, 'utf8'))?.[1] ?? '';
  skip(!(await works(docker('version'))), 'no Docker engine answers');
  skip(!(await works(docker('image', 'inspect', base))), `the engine does not have ${base}`);
  const canFetch = await works(docker('run', '--rm', '--network', 'host', base, 'npm', 'ping'));
  skip(!canFetch, 'a container does not reach the package registry');

  const image = `watchword-image-test-${process.pid}`;
  onTestFinished(async () => void (await docker('image', 'rm', '--force', image)));
  await docker('build', '--network', 'host', '--file', DOCKERFILE, '--target', 'sandbox', '--tag', image, '.');

  const container = (await docker('run', '--detach', '--network', 'none', '--read-only', image)).trim();
  onTestFinished(async () => void (await docker('rm', '--force', container)));
  await expect
    .poll(() => docker('inspect', '--format', '{{.State.Health.Status}}', container), { timeout: 60_000 })
    .toBe('healthy\n');
  expect(await docker('exec', container, 'id', '--user')).not.toBe('0\n');
  await docker('stop', container);
  expect(await docker('inspect', '--format', '{{.State.ExitCode}}', container)).toBe('0\n');
});

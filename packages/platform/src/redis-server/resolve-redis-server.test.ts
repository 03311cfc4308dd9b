import { describe, expect, it } from 'vitest';
import { StartupError } from '../errors.ts';
import type { CommandResult, Machine } from './machine.ts';
import { resolveRedisServer } from './resolve-redis-server.ts';

const REDIS_7 = 'Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64';
const NOT_THERE: CommandResult = { ok: false, output: 'not found' };

/** Answers commands that begin with a key of the table; a list is used up one answer per call. */
function createMachine(answers: Record<string, string | (string | null)[]>, isRoot = false) {
  const calls: string[] = [];
  const machine: Machine = {
    isRoot,
    run(command, args) {
      const call = [command, ...args].join(' ');
      calls.push(call);
      const key = Object.keys(answers).find((prefix) => call.startsWith(prefix));
      const answer = key === undefined ? null : answers[key];
      const output = Array.isArray(answer) ? answer.shift() : answer;
      return Promise.resolve(typeof output === 'string' ? { ok: true, output } : NOT_THERE);
    },
  };
  return { machine, calls };
}

async function resolve(machine: Machine) {
  const lines: string[] = [];
  const server = await resolveRedisServer({ progress: (line) => lines.push(line), machine });
  return { server, lines };
}

const APT = 'env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=60';

describe('resolveRedisServer', () => {
  it('prefers redis-server on PATH, without a word', async () => {
    const { machine } = createMachine({ 'redis-server --version': REDIS_7, 'docker info': 'engine 28.0.1' });
    expect(await resolve(machine)).toEqual({
      server: { kind: 'binary', command: 'redis-server', argv0: 'redis-server', version: '7.0.15' },
      lines: [],
    });
  });

  it('takes valkey-server when redis-server is too old', async () => {
    const { machine } = createMachine({
      'redis-server --version': 'Redis server v=6.0.16 sha=0',
      'valkey-server --version': 'Valkey server v=8.1.1 sha=0',
    });
    expect((await resolve(machine)).server).toMatchObject({ command: 'valkey-server', version: '8.1.1' });
  });

  it('runs the binary of redis-tools under the name it serves by, before Docker', async () => {
    const { machine } = createMachine({ 'redis-check-rdb --version': REDIS_7, 'docker info': 'engine 28.0.1' });
    expect((await resolve(machine)).server).toMatchObject({ command: 'redis-check-rdb', argv0: 'redis-server' });
  });

  it('uses a Docker engine that answers, pulling the image once', async () => {
    const { machine, calls } = createMachine({ 'docker info': 'engine 28.0.1', 'docker pull': '' }, true);
    const { server, lines } = await resolve(machine);
    expect(server).toEqual({ kind: 'docker', image: 'redis:7-alpine' });
    expect(lines).toEqual(['Redis: pulling the image redis:7-alpine with Docker']);
    expect(calls.some((call) => call.includes('apt-get'))).toBe(false);
  });

  it('does not take a Docker client without an engine for an engine', async () => {
    const { machine } = createMachine({ 'docker info': 'Cannot connect to the Docker daemon' });
    await expect(resolve(machine)).rejects.toThrow(StartupError);
  });

  it('installs redis-tools as root on Debian, with a line that says so, refreshing the lists when it must', async () => {
    const { machine, calls } = createMachine(
      {
        'redis-check-rdb --version': [null, REDIS_7],
        'apt-get --version': 'apt 2.6.1',
        [`${APT} install`]: [null, ''],
        [`${APT} update`]: '',
      },
      true,
    );
    const { server, lines } = await resolve(machine);
    expect(server).toMatchObject({ command: 'redis-check-rdb', version: '7.0.15' });
    expect(lines[0]).toBe('Redis: installing the Debian package redis-tools with apt-get');
    expect(
      calls.filter((call) => call.startsWith(APT)).map((call) => call.slice(APT.length + 1).split(' ')[0]),
    ).toEqual(['install', 'update', 'install']);
  });

  it('never calls apt-get without being root, and says in one line what to install', async () => {
    const { machine, calls } = createMachine({ 'redis-server --version': 'Redis server v=6.2.1', 'apt-get': 'apt' });
    const refused = await resolve(machine).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StartupError);
    expect((refused as StartupError).message).toMatch(
      /^No Redis 7 or later \(found only redis-server 6\.2\.1\): set REDIS_URL, or install redis-server .*\.$/,
    );
    expect(calls.some((call) => call.includes('apt-get'))).toBe(false);
  });
});

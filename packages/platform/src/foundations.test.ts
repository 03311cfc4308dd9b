import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { isApiKey, mintApiKey, modeOfApiKey } from './api-key.ts';
import { decodeBase32, encodeBase32 } from './base32.ts';
import { withDataDirectory, withSecrets } from './data-directory.ts';
import { withDisposer } from './disposer.ts';
import { integerVariable, keyVariable, parseEnvironment } from './environment.ts';
import { describeError } from './logger.ts';
import { Secret } from './secret.ts';

test('base 32 gives every value one spelling', () => {
  for (const bytes of [Buffer.alloc(16), Buffer.alloc(16, 255), Buffer.from('00ff10', 'hex')]) {
    expect(decodeBase32(encodeBase32(bytes))).toEqual(bytes);
  }
  expect(encodeBase32(Buffer.alloc(16, 255))).toHaveLength(26);
  for (const foreign of ['u', 'A0', 'é0', '01']) expect(decodeBase32(foreign)).toBeNull();
});

test('a secret prints as [redacted] wherever it ends up', () => {
  const secret = new Secret('swordfish');
  expect([String(secret), JSON.stringify({ secret }), inspect({ secret }, { depth: 9 })].join()).not.toContain(
    'swordfish',
  );
});

test('an error is described without its own fields, where SDKs keep codes and credentials', () => {
  const error = Object.assign(new Error('failed', { cause: new Error('why') }), { config: { data: 'code 123456' } });
  expect(JSON.stringify(describeError(error))).not.toContain('123456');
  expect(describeError(error)).toMatchObject({ message: 'failed', cause: { message: 'why' } });
});

test('API keys say their mode and are never the same twice', () => {
  expect(modeOfApiKey(mintApiKey('test'))).toBe('test');
  expect(modeOfApiKey(mintApiKey('live'))).toBe('live');
  expect(modeOfApiKey('ww_prod_aaaaaaaaaaaaaaaaaaaaaaaaaa')).toBeUndefined();
  expect(mintApiKey('test')).not.toBe(mintApiKey('test'));
});

test('the checksum tells a key from one that was mistyped, cut, or is of another mode', () => {
  const key = mintApiKey('test');
  expect(isApiKey(key)).toBe(true);
  for (let at = 'ww_test_'.length; at < key.length; at += 1) {
    const other = key[at] === 'x' ? 'y' : 'x';
    expect(isApiKey(key.slice(0, at) + other + key.slice(at + 1)), `changed at ${at}`).toBe(false);
  }
  expect(isApiKey(key.slice(0, -1))).toBe(false);
  expect(isApiKey(key.replace('_test_', '_live_'))).toBe(false);
  expect(isApiKey(`ww_test_${'a'.repeat(32)}`)).toBe(false);
});

test('every wrong variable is named at once, and no value is printed', () => {
  const schema = z.object({ PORT: integerVariable(0, 10), KEY: keyVariable(), LEVEL: z.enum(['a', 'b']).default('a') });
  const parse = () => parseEnvironment(schema, { PORT: '11', KEY: 'hunter2', LEVEL: '' });
  expect(parse).toThrow(/PORT must be from 0 to 10; KEY must be 32 bytes/);
  expect(parse).not.toThrow(/hunter2/);
});

test('a composition that fails undoes what it had made, the last first', async () => {
  const undone: string[] = [];
  const composed = withDisposer(async (disposer) => {
    disposer.add(() => undone.push('first'));
    disposer.add(() => undone.push('second'));
    throw new Error('no third');
  });
  await expect(composed).rejects.toThrow('no third');
  expect(undone).toEqual(['second', 'first']);
});

describe('the data directory', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'watchword-data-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test('makes keys once, for its owner only, and lets the environment win', () => {
    const first = withSecrets({ DATA_DIR: directory }, ['PEPPER', 'API_KEY']);
    expect(withSecrets({ DATA_DIR: directory }, ['PEPPER', 'API_KEY'])).toEqual(first);
    expect(statSync(join(directory, 'keys.json')).mode & 0o777).toBe(0o600);
    expect(withSecrets({ DATA_DIR: directory, PEPPER: 'mine' }, ['PEPPER']).PEPPER).toBe('mine');
  });

  test('touches nothing when the environment has all that is wanted', () => {
    withSecrets({ DATA_DIR: directory, PEPPER: 'mine' }, ['PEPPER', 'REDIS_URL']);
    expect(() => readFileSync(join(directory, 'keys.json'))).toThrow();
  });

  test('says in one line that its keys are damaged', () => {
    writeFileSync(join(directory, 'keys.json'), '{"pepper":');
    expect(() => withSecrets({ DATA_DIR: directory }, ['PEPPER'])).toThrow(/keys\.json is damaged/);
  });

  test('tells where a standalone that lives is, and nothing of one that was killed', () => {
    const file = {
      gateway: null,
      otp: 'http://o',
      console: null,
      sandbox: null,
      sandboxSmtp: null,
      metrics: {},
      apiKey: '',
      redis: 'redis://r',
    };
    const write = (pid: number) => writeFileSync(join(directory, 'standalone.json'), JSON.stringify({ ...file, pid }));
    write(process.pid);
    expect(withDataDirectory({ DATA_DIR: directory }, ['REDIS_URL', 'OTP_URL'])).toMatchObject({
      REDIS_URL: 'redis://r',
      OTP_URL: 'http://o',
    });
    write(2 ** 22 - 1);
    expect(withDataDirectory({ DATA_DIR: directory }, ['REDIS_URL']).REDIS_URL).toBeUndefined();
  });
});

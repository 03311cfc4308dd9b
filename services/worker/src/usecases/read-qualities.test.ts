import { expect, test } from 'vitest';
import { createReadQualities } from './read-qualities.ts';

const view = { state: 'closed', calls: 0, failures: 0, slow: 0, share: 1, probes: 0, quality: 0.4 } as const;

function stage(read = async (_name: string) => view) {
  const asked: string[] = [];
  let now = 0;
  const counted = async (name: string) => {
    asked.push(name);
    return read(name);
  };
  const readQualities = createReadQualities({ read: counted }, () => now);
  const advance = (ms: number) => {
    now += ms;
  };
  return { readQualities, asked, advance };
}

test('a quality is asked for once a second, however many messages need it', async () => {
  const { readQualities, asked, advance } = stage();
  await Promise.all([readQualities(['a', 'b']), readQualities(['a'])]);
  advance(999);
  expect(await readQualities(['a', 'b'])).toEqual(
    new Map([
      ['a', 0.4],
      ['b', 0.4],
    ]),
  );
  expect(asked).toEqual(['a', 'b']);
  advance(1);
  await readQualities(['b']);
  expect(asked).toEqual(['a', 'b', 'b']);
});

test('one that could not be read is asked for again at once', async () => {
  let fails = true;
  const { readQualities, asked } = stage(async () => {
    if (fails) throw new Error('Connection is closed.');
    return view;
  });
  await expect(readQualities(['a'])).rejects.toThrow('Connection is closed.');
  fails = false;
  expect(await readQualities(['a'])).toEqual(new Map([['a', 0.4]]));
  expect(asked).toEqual(['a', 'a']);
});

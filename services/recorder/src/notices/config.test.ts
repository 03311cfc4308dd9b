import { parseEnvironment, StartupError } from '@watchword/platform';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { noticeVariables } from './config.ts';

const parse = (NOTICE_SMTP_URL: string) => parseEnvironment(z.object(noticeVariables), { NOTICE_SMTP_URL });

test.each(['smtp://relay.example', 'smtps://us%40er:p%3Aw@relay.example:465', 'smtp://127.0.0.1:25'])(
  'takes %s, and keeps it',
  (url) => {
    expect(parse(url).NOTICE_SMTP_URL?.reveal()).toBe(url);
  },
);

test.each([
  ['relay.example', 'smtp://'],
  ['http://relay.example', 'smtp://'],
  ['smtp:relay.example', 'smtp://'],
  ['smtp://user:100%@relay.example', 'percent-encoded'],
])('refuses %s by the name of its variable, and does not print it', (url, message) => {
  const refused = () => parse(url);
  expect(refused).toThrow(StartupError);
  expect(refused).toThrow(/NOTICE_SMTP_URL/);
  expect(refused).toThrow(message);
  expect(refused).not.toThrow(url);
});

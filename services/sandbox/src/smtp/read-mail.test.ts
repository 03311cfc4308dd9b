import { expect, it } from 'vitest';
import { readMail } from './read-mail.ts';

const mailOf = (html: string) => Buffer.from(`Content-Type: text/html\r\n\r\n${html}`);

it('takes a text from markup alone', async () => {
  const html = '<head><title>x</title></head><style>p{color:#123456}</style><p>Code <b>771204</b></p>';
  expect(await readMail(mailOf(html))).toMatchObject({ text: 'Code 771204', code: '771204' });
});

it.each(['<style', '<', '<head>', '<script><'])('reads 200 kB of %j in no time', async (piece) => {
  const startedAt = performance.now();
  await readMail(mailOf(piece.repeat(200_000 / piece.length)));
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDisposer } from '@watchword/platform';
import { CHROMIUM_ARGUMENTS, findChromium } from '@watchword/testkit';
import { type BrowserContext, chromium } from 'playwright-core';
import { afterEach, expect, it, type TestContext } from 'vitest';
import { postTwilio, postVonage, startSandbox, TO } from './running-sandbox.ts';

const disposer = createDisposer();
afterEach(() => disposer.dispose());

async function openBrowser(context: TestContext): Promise<BrowserContext> {
  const executablePath = await findChromium();
  if (executablePath === undefined) return context.skip('no chromium on PATH or in CHROMIUM_PATH');
  const profile = await mkdtemp(join(tmpdir(), 'watchword-chromium-'));
  disposer.add(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: CHROMIUM_ARGUMENTS,
  });
  disposer.add(() => browser.close());
  return browser;
}

it('shows a message and its code as it arrives, as text, and sets and clears faults', {
  timeout: 300_000,
}, async (context) => {
  const sandbox = await startSandbox();
  disposer.add(() => sandbox.service.close());
  const page = await (await openBrowser(context)).newPage();
  const complaints: string[] = [];
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
  page.on('pageerror', (error) => void complaints.push(error.message));

  await page.goto(sandbox.url);
  await page.getByText('No message yet').waitFor();
  expect(await page.locator('#example').textContent()).toContain(sandbox.url);

  await postTwilio(sandbox.url, { Body: '<img src=x onerror="document.title=1"> your code is 482913' });
  const first = page.locator('.message').first();
  await first.locator('mark', { hasText: '482913' }).waitFor();
  expect(await first.locator('.text').textContent()).toContain('<img src=x');
  expect(await first.locator('.to').textContent()).toBe(TO);
  expect(await page.title()).toBe('Watchword sandbox');
  expect(await page.getByText('No message yet').isVisible()).toBe(false);

  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await first.getByRole('button', { name: 'Copy code' }).click();
  await first.getByRole('button', { name: 'Copied' }).waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe('482913');

  await postVonage(sandbox.url, { to: '4915112345678', text: 'Your login OTP is K7QM2XPA9R.' });
  await page.locator('.message').first().locator('mark', { hasText: 'K7QM2XPA9R' }).waitFor();
  await page.getByLabel('Show only messages to').fill('4151');
  await page.getByText('0 shown of 2 messages').waitFor();
  await page.getByLabel('Show only messages to').fill('+4915112345678');
  await page.getByText('1 shown of 2 messages').waitFor();
  expect(await page.locator('.message .to').allTextContents()).toEqual(['+4915112345678']);

  const vonage = page.locator('[data-provider="vonage"].provider');
  await vonage.getByRole('button', { name: 'down' }).click();
  await vonage.locator('.badge', { hasText: 'down' }).waitFor();
  expect((await postVonage(sandbox.url)).status).toBe(503);
  await page.getByRole('button', { name: 'Clear all faults' }).click();
  await vonage.locator('.badge', { hasText: 'ok' }).waitFor();
  expect((await postVonage(sandbox.url)).status).toBe(200);

  await page.getByRole('button', { name: 'Empty the inbox' }).click();
  await page.getByText('No message yet').waitFor();
  expect(complaints).toEqual([]);
});

it('shows the newest 200 of a large inbox', { timeout: 300_000 }, async (context) => {
  const sandbox = await startSandbox({ LOG_LEVEL: 'error' });
  disposer.add(() => sandbox.service.close());
  const page = await (await openBrowser(context)).newPage();
  await page.goto(sandbox.url);
  for (let batch = 0; batch < 15; batch += 1) {
    await Promise.all(Array.from({ length: 20 }, () => postTwilio(sandbox.url)));
  }
  await page.getByText('newest 200 of 300 messages').waitFor();
  expect(await page.locator('.message').count()).toBe(200);
});

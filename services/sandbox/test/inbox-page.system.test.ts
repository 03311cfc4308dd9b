import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDisposer } from '@watchword/platform';
import { CHROMIUM_ARGUMENTS, findChromium } from '@watchword/testkit';
import { createTransport } from 'nodemailer';
import { type BrowserContext, chromium } from 'playwright-core';
import { afterEach, expect, it, type TestContext } from 'vitest';
import { FAULT_MODES } from '../src/domain/faults.ts';
import { PROVIDER_TRAITS, PROVIDERS } from '../src/domain/provider.ts';
import { RECEIPT_MODES } from '../src/domain/receipts.ts';
import { postFcm, postTwilio, postTwilioCall, postVonage, postWhatsAppCloud, TO } from './provider-posts.ts';
import { startReceiver } from './receiver.ts';
import { startSandbox } from './running-sandbox.ts';

/** What a function that runs in the page finds there. */
interface Page {
  getComputedStyle(element: unknown): { readonly color: string };
}

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

  await page.clock.install();
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
  await first.getByRole('button', { name: 'Copied' }).click();
  await page.clock.runFor(10_000);
  expect(await first.locator('.copy').textContent()).toBe('Copy code');

  await postVonage(sandbox.url, { to: '4915112345678', text: 'Your login OTP is K7QM2XPA9R.' });
  await page.locator('.message').first().locator('mark', { hasText: 'K7QM2XPA9R' }).waitFor();
  const filter = page.getByLabel('Show only messages to');
  await filter.fill('4151');
  await page.getByText('0 shown of 2 messages').waitFor();
  await filter.fill('+49 (151) 12345678');
  await page.getByText('1 shown of 2 messages').waitFor();
  expect(await page.locator('.message .to').allTextContents()).toEqual(['+4915112345678']);
  await filter.fill('');

  const tile = page.locator('.tile[data-provider="vonage"]');
  await tile.click();
  await page.getByRole('group', { name: 'How Vonage SMS behaves' }).getByRole('button', { name: 'down' }).click();
  await tile.locator('.badge', { hasText: 'down' }).waitFor();
  expect((await postVonage(sandbox.url)).status).toBe(503);
  await page.getByRole('button', { name: 'Clear all faults' }).click();
  await tile.locator('.badge', { hasText: 'ok' }).waitFor();
  expect((await postVonage(sandbox.url)).status).toBe(200);

  await page.getByRole('button', { name: 'Empty the inbox' }).click();
  await page.getByText('No message yet').waitFor();
  expect(complaints).toEqual([]);
});

it('has a fault panel for every provider, with what that provider has', { timeout: 300_000 }, async (context) => {
  const sandbox = await startSandbox();
  disposer.add(() => sandbox.service.close());
  const page = await (await openBrowser(context)).newPage();
  await page.goto(sandbox.url);
  const panelOf = async (provider: string) => {
    const tile = page.locator(`.tile[data-provider="${provider}"]`);
    if ((await tile.getAttribute('aria-expanded')) === 'false') await tile.click();
    return page.locator(`.provider[data-provider="${provider}"]`);
  };
  for (const provider of PROVIDERS) {
    const panel = await panelOf(provider);
    for (const mode of FAULT_MODES) {
      const answered = page.waitForResponse((response) => response.url().endsWith(`/api/faults/${provider}`));
      await panel.locator(`[data-mode="${mode}"]`).click();
      expect((await answered).status(), `${provider} ${mode}`).toBe(200);
    }
    const { channels, givesReceipts } = PROVIDER_TRAITS[provider];
    expect(await panel.locator('.receipt').isVisible(), provider).toBe(givesReceipts);
    expect(await panel.locator('.channel').isVisible(), provider).toBe(channels.length > 1);
    const offered = await panel.locator('.receipt option').allTextContents();
    expect(offered).toEqual(RECEIPT_MODES.map((mode) => mode.replaceAll('_', ' ')));
  }

  await page.getByRole('button', { name: 'Clear all faults' }).click();
  await expect.poll(() => page.locator('.tile[data-mode="ok"]').count()).toBe(PROVIDERS.length);

  const panel = await panelOf('twilio');
  await panel.locator('.channel').selectOption('voice');
  await postTwilio(sandbox.url, { Body: 'Another message arrives. Your code is 482913.' });
  await page.locator('mark', { hasText: '482913' }).waitFor();
  expect(await panel.locator('.channel').inputValue()).toBe('voice');
  await panel.locator('.count').fill('1');
  await panel.locator('.code').fill('20500');
  await panel.getByRole('button', { name: 'auth' }).click();
  await page.getByText('auth on Voice · code 20500 · 1 call left').waitFor();
  expect((await postTwilio(sandbox.url)).status).toBe(201);
  expect(await (await postTwilioCall(sandbox.url)).json()).toMatchObject({ code: 20500 });
  await page.locator('.tile[data-provider="twilio"] .badge', { hasText: /^ok$/ }).waitFor();

  await sandbox.setFault('vonage', { mode: 'down', count: 50, delay_ms: 5 });
  await page.locator('.tile[data-provider="vonage"]', { hasText: '50 left' }).waitFor();
  await (await panelOf('vonage')).locator('.receipt').selectOption('undelivered');
  await page.getByText('down · receipts: undelivered · 50 calls left · after 5 ms').waitFor();

  await (await panelOf('fcm')).locator('.code').fill('131026');
  await page.locator('.provider').getByRole('button', { name: 'reject' }).click();
  await page.getByText('must be an error code of FCM').waitFor();
  await postTwilio(sandbox.url, { Body: 'One more message. Your code is 771204.' });
  await page.locator('mark', { hasText: '771204' }).waitFor();
  expect(await page.getByText('must be an error code of FCM').isVisible()).toBe(true);
});

it('shows all of a message: its mail in a frame where nothing runs, its receipts, and the request', {
  timeout: 300_000,
}, async (context) => {
  const receiver = await startReceiver();
  disposer.add(() => receiver.close());
  const sandbox = await startSandbox({ RECEIPTS_URL: receiver.url });
  disposer.add(() => sandbox.service.close());
  const page = await (await openBrowser(context)).newPage();
  await page.goto(sandbox.url);

  const { port } = new URL(sandbox.service.smtpUrl);
  const relay = createTransport({ host: '127.0.0.1', port: Number(port), ignoreTLS: true });
  await relay.sendMail({
    from: 'otp@example.com',
    to: 'Ada@Example.org',
    subject: 'Your <b>code</b>',
    text: 'Your code is 482913.',
    html: `<h1 style="color: rgb(1, 2, 3)">482913</h1><script>top.document.title = document.body.innerHTML = 'run'</script>
      <img src="${receiver.url}/pixel"><a href="${receiver.url}/away" target="_top">away</a>`,
  });
  relay.close();
  const mail = page.locator('.message', { hasText: 'ada@example.org' });
  await mail.getByRole('button', { name: 'Details' }).click();
  expect(await mail.locator('.subject').textContent()).toBe('Your <b>code</b>');
  const heading = page.frameLocator('iframe').locator('h1');
  await heading.waitFor();
  expect(await heading.textContent()).toBe('482913');
  expect(
    await heading.evaluate((element: unknown) => (globalThis as unknown as Page).getComputedStyle(element).color),
  ).toBe('rgb(1, 2, 3)');
  await page.frameLocator('iframe').getByText('away').click();
  expect(await mail.locator('.request .body').textContent()).toContain('MIME-Version: 1.0');
  expect(page.url()).toBe(`${sandbox.url}/`);
  expect(await page.title()).toBe('Watchword sandbox');
  expect(receiver.received).toEqual([]);

  await postWhatsAppCloud(sandbox.url);
  const message = page.locator('.message', { hasText: 'WhatsApp Cloud' });
  await message.getByRole('button', { name: 'Details' }).click();
  await message.locator('.chip.receipt', { hasText: 'delivered' }).waitFor();
  await expect.poll(() => message.locator('.receipts tbody td:last-child').allTextContents()).toEqual(['204', '204']);
  expect(await message.locator('.request .line').textContent()).toBe('POST /v25.0/platform/messages');
  expect(await message.locator('.request .headers').textContent()).toContain('authorization: Bearer ••••');
  expect(await message.locator('.request .body').textContent()).toContain('"name": "otp"');

  await page.getByLabel('Show only messages to').fill('ADA@example.ORG');
  await page.getByText('1 shown of 2 messages').waitFor();
  expect(await page.locator('.message .to').allTextContents()).toEqual(['ada@example.org']);
});

it('says so while the sandbox is away, and goes on when it is back', { timeout: 300_000 }, async (context) => {
  const first = await startSandbox();
  disposer.add(() => first.service.close());
  const page = await (await openBrowser(context)).newPage();
  await page.goto(first.url);
  await postTwilio(first.url);
  const details = page.getByRole('button', { name: `Details of SMS to ${TO}` });
  await details.waitFor();
  const tile = page.locator('.tile[data-provider="twilio"]');
  await tile.click();

  await first.service.close();
  await page.getByText('reconnecting…').waitFor();
  await page.locator('.provider').getByRole('button', { name: 'down' }).click();
  await page.getByText('The sandbox does not answer.').waitFor();
  await details.click();
  await page.getByText('It could not be read.').waitFor();

  const second = await startSandbox({ SANDBOX_PORT: new URL(first.url).port });
  disposer.add(() => second.service.close());
  await page.getByText('No message yet').waitFor();
  await page.locator('#connection', { hasText: 'live' }).waitFor();
  await page.getByText('Accepts every message.').waitFor();
  await page.locator('.provider').getByRole('button', { name: 'down' }).click();
  await tile.locator('.badge', { hasText: 'down' }).waitFor();
  expect((await postTwilio(second.url)).status).toBe(503);
});

it.for([390, 1280])('fits into a window of %i px, whatever it shows', { timeout: 300_000 }, async (width, context) => {
  const sandbox = await startSandbox();
  disposer.add(() => sandbox.service.close());
  const page = await (await openBrowser(context)).newPage();
  await page.setViewportSize({ width, height: 800 });
  await page.goto(sandbox.url);
  await postFcm(sandbox.url, { token: `device:${'APA91b'.repeat(40)}` });
  await postTwilio(sandbox.url, { Body: `https://example.com/${'x'.repeat(300)}` });
  await page.locator('.message').nth(1).waitFor();
  for (const more of await page.getByRole('button', { name: 'Details' }).all()) await more.click();
  await page.locator('.request .body').nth(1).waitFor();
  await page.locator('.tile').first().click();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
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

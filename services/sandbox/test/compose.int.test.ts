import { StartupError } from '@watchword/platform';
import { expect, it } from 'vitest';
import { startSandbox } from './running-sandbox.ts';

const portOf = (url: string | null) => new URL(url ?? '').port;

it('says in one line which port is taken and what to set', async () => {
  const first = await startSandbox();
  try {
    const sandboxPort = portOf(first.service.url);
    const second = startSandbox({ SANDBOX_PORT: sandboxPort });
    await expect(second).rejects.toThrow(StartupError);
    await expect(second).rejects.toThrow(new RegExp(`^Port ${sandboxPort} is in use: set SANDBOX_PORT [^\\n]+$`));
    const smtpPort = portOf(first.service.smtpUrl);
    await expect(startSandbox({ SANDBOX_SMTP_PORT: smtpPort })).rejects.toThrow(
      `Port ${smtpPort} is in use: set SANDBOX_SMTP_PORT`,
    );
    const adminPort = portOf(first.service.adminUrl);
    await expect(startSandbox({ ADMIN_PORT: adminPort })).rejects.toThrow(
      `Port ${adminPort} is in use: set ADMIN_PORT`,
    );
  } finally {
    await first.service.close();
  }
});

it('serves liveness, readiness and metrics beside the carriers', async () => {
  const { service, call } = await startSandbox();
  try {
    await call('GET', '/api/messages');
    for (const path of ['/livez', '/readyz']) expect((await fetch(`${service.adminUrl}${path}`)).status).toBe(200);
    const metrics = await (await fetch(`${service.adminUrl}/metrics`)).text();
    expect(metrics).toContain('route="/api/messages"');
  } finally {
    await service.close();
  }
});

import { CHANNELS } from '@watchword/contracts';
import { createLogger, parseEnvironment } from '@watchword/platform';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { z } from 'zod';
import { composeSandbox, type RunningSandbox as Service } from '../src/compose.ts';
import { sandboxVariables } from '../src/config.ts';
import type { InboxMessage, WholeMessage } from '../src/domain/message.ts';
import { PROVIDERS } from '../src/domain/provider.ts';

const inboxMessage = z.strictObject({
  id: z.string(),
  channel: z.enum(CHANNELS),
  provider: z.enum(PROVIDERS),
  to: z.string(),
  subject: z.string().nullable(),
  text: z.string(),
  html: z.string().nullable(),
  code: z.string().nullable(),
  segments: z.int().nullable(),
  receipts: z.array(z.strictObject({ status: z.string(), at: z.iso.datetime(), answered: z.int().nullable() })),
  at: z.iso.datetime(),
});
const wholeMessage: z.ZodType<WholeMessage> = inboxMessage.extend({
  request: z.strictObject({ line: z.string(), headers: z.record(z.string(), z.string()), body: z.string() }).nullable(),
});

export interface RunningSandbox {
  readonly service: Service;
  readonly url: string;
  /** Every log line so far. */
  readonly log: string[];
  readonly call: (method: string, path: string, body?: unknown) => Promise<Response>;
  readonly setFault: (provider: string, fault: object) => Promise<void>;
  readonly messages: (query?: string) => Promise<InboxMessage[]>;
  readonly message: (id: string) => Promise<WholeMessage>;
}

/** The real service on free ports. */
export async function startSandbox(environment: Record<string, string> = {}): Promise<RunningSandbox> {
  const config: z.infer<typeof sandboxVariables> = parseEnvironment(sandboxVariables, {
    SANDBOX_PORT: '0',
    SANDBOX_SMTP_PORT: '0',
    ...environment,
  });
  const log: string[] = [];
  const destination = { write: (line: string) => void log.push(line) };
  const service = await composeSandbox(config, {
    logger: createLogger({ service: 'sandbox', level: 'trace', destination }),
  });
  const url = service.url ?? '';

  function call(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  }

  return {
    service,
    url,
    log,
    call,
    async setFault(provider, fault) {
      const response = await call('PUT', `/api/faults/${provider}`, fault);
      if (!response.ok) throw new Error(`the fault was refused: ${await response.text()}`);
    },
    async messages(query = '') {
      const response = await call('GET', `/api/messages${query}`);
      return z.array(inboxMessage).parse(await response.json());
    },
    async message(id) {
      const response = await call('GET', `/api/messages/${encodeURIComponent(id)}`);
      return wholeMessage.parse(await response.json());
    },
  };
}

/** One for all tests of a file, each of which begins with an empty inbox and without faults. Its fields are there in tests only. */
export function useSandbox(): RunningSandbox {
  const sandbox = {} as RunningSandbox;
  beforeAll(async () => {
    Object.assign(sandbox, await startSandbox());
  });
  beforeEach(async () => {
    await sandbox.call('DELETE', '/api/faults');
    await sandbox.call('DELETE', '/api/messages');
  });
  afterAll(() => sandbox.service.close());
  return sandbox;
}

/** Status and JSON body. */
export const readAnswer = async (response: Response) =>
  ({ status: response.status, body: z.looseObject({}).parse(await response.json()) }) as const;

/** Answered so, and nothing arrived. */
export async function expectRefused(
  sandbox: RunningSandbox,
  answered: Promise<Response>,
  status: number,
  body: object,
): Promise<void> {
  expect(await readAnswer(await answered)).toMatchObject({ status, body });
  expect(await sandbox.messages()).toEqual([]);
}

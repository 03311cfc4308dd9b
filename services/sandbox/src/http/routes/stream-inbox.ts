import type { HttpApp } from '@watchword/platform';
import type { Faults } from '../../domain/faults.ts';
import type { Inbox } from '../../domain/inbox.ts';
import type { OpenCalls } from '../open-calls.ts';
import { presentFaults } from '../present-faults.ts';

/** Changes within this time are told once, so that a load test does not flood the page. */
const COALESCE_MS = 150;
const HEARTBEAT_MS = 15_000;

export interface StreamInboxDeps {
  readonly inbox: Inbox;
  readonly faults: Faults;
  readonly calls: OpenCalls;
}

/**
 * Server-sent events for the page: `change` with `{total, faults}` at once and after every change. It tells that there is
 * something to read, not what: so a slow reader is never behind by more than one event.
 */
export function streamInboxRoute(app: HttpApp, { inbox, faults, calls }: StreamInboxDeps): void {
  app.get('/api/messages/stream', { exposeHeadRoute: false }, async (_request, reply) => {
    reply.hijack();
    const stream = reply.raw;
    stream.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
    let pending: NodeJS.Timeout | undefined;
    const tell = () => {
      pending = undefined;
      const state = { total: inbox.size, faults: presentFaults(faults) };
      if (!stream.writableNeedDrain) stream.write(`event: change\ndata: ${JSON.stringify(state)}\n\n`);
    };
    const tellSoon = () => {
      pending ??= setTimeout(tell, COALESCE_MS);
    };
    const heartbeat = setInterval(() => {
      if (!stream.writableNeedDrain) stream.write(': still here\n\n');
    }, HEARTBEAT_MS);
    const cleanUps = [
      inbox.subscribe(tellSoon),
      faults.subscribe(tellSoon),
      calls.add(() => stream.destroy()),
      () => clearInterval(heartbeat),
      () => clearTimeout(pending),
    ];
    stream.once('close', () => {
      for (const cleanUp of cleanUps) cleanUp();
    });
    stream.on('drain', tellSoon);
    tell();
  });
}

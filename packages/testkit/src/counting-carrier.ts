import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands before the sandbox, and counts the calls to Twilio that are open at the same time. */
export interface CountingCarrier {
  readonly url: string;
  /** Calls, and the most of them that were open at once, since the last `reset`. */
  counted(): { readonly calls: number; readonly atOnce: number };
  reset(): void;
  stop(): Promise<void>;
}

const TWILIO_PATH = '/2010-04-01/';

export async function startCountingCarrier(sandboxUrl: string): Promise<CountingCarrier> {
  const agent = new Agent({ keepAlive: true });
  let open = 0;
  let calls = 0;
  let atOnce = 0;

  function forward(incoming: IncomingMessage, answer: ServerResponse): void {
    const { method, headers, url = '/' } = incoming;
    const outgoing = request(new URL(url, sandboxUrl), { agent, method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    // What the sandbox cuts is cut here, and what the worker gives up is given up there.
    outgoing.on('error', () => answer.destroy());
    answer.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  const server = createServer((incoming, answer) => {
    if (incoming.url?.startsWith(TWILIO_PATH)) {
      calls += 1;
      open += 1;
      atOnce = Math.max(atOnce, open);
      answer.on('close', () => {
        open -= 1;
      });
    }
    forward(incoming, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counted: () => ({ calls, atOnce }),
    reset() {
      calls = 0;
      atOnce = open;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        agent.destroy();
      }),
  };
}

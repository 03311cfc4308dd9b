import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bench } from '../bench.ts';

/** A carrier that speaks as much of Twilio's API as the worker hears, and answers `latencyMs` after it was asked. */
export interface Provider {
  readonly url: string;
  /** Called with the destination as soon as a message is in. */
  onMessage: ((to: string) => void) | undefined;
  close(): void;
}

const ANSWER = JSON.stringify({ sid: `SM${'0'.repeat(32)}`, status: 'queued', num_segments: '1', error_code: null });
const HEADERS = { 'content-type': 'application/json', 'content-length': ANSWER.length };
const DESTINATION = /(?:^|&)To=%2B(\d+)/;

export async function startProvider({ disposer }: Bench, latencyMs: number): Promise<Provider> {
  const server = createServer({ keepAliveTimeout: 60_000, noDelay: true }, (request, response) => {
    let body = '';
    request.setEncoding('latin1');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      provider.onMessage?.(`+${DESTINATION.exec(body)?.[1]}`);
      const answer = () => response.writeHead(201, HEADERS).end(ANSWER);
      if (latencyMs > 0) setTimeout(answer, latencyMs);
      else answer();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const provider: Provider = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    onMessage: undefined,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  disposer.add(() => provider.close());
  return provider;
}

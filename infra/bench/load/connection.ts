import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One kept-alive HTTP/1.1 connection: one request at a time, written as it stands. */
export interface HttpConnection {
  /** `onAnswer` is called once with the whole answer, or with the failure. */
  request(text: string, onAnswer: (answer: Answer | Error) => void): void;
  close(): void;
}

const HEAD_END = '\r\n\r\n';
const CONTENT_LENGTH = /^content-length: *(\d+)/im;

/**
 * Opens connections that cost a few microseconds per request. A client library takes more than FLOOR itself, and would be what
 * is measured: it shares its core with Redis.
 */
export async function openConnections(url: string, count: number): Promise<HttpConnection[]> {
  const { hostname, port } = new URL(url);
  return Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      await once(socket, 'connect');
      return speakHttp(socket);
    }),
  );
}

function speakHttp(socket: Socket): HttpConnection {
  let waiting: ((answer: Answer | Error) => void) | undefined;
  let received = '';
  const settle = (answer: Answer | Error) => {
    const onAnswer = waiting;
    waiting = undefined;
    received = '';
    onAnswer?.(answer);
  };
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    received = received === '' ? chunk : received + chunk;
    const answer = parseAnswer(received);
    if (answer !== undefined) settle(answer);
  });
  socket.on('error', settle);
  socket.on('close', () => settle(new Error('the server closed the connection')));
  return {
    request(text, onAnswer) {
      waiting = onAnswer;
      socket.write(text, 'latin1');
    },
    close: () => socket.destroy(),
  };
}

/** Undefined while some of it is still on its way. */
function parseAnswer(received: string): Answer | Error | undefined {
  const headEnd = received.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const length = CONTENT_LENGTH.exec(received)?.[1];
  if (length === undefined) return new Error('an answer without Content-Length');
  const bodyStart = headEnd + HEAD_END.length;
  if (received.length < bodyStart + Number(length)) return undefined;
  return { status: Number(received.slice(9, 12)), body: received.slice(bodyStart, bodyStart + Number(length)) };
}

/** A POST of JSON as it goes over the wire. */
export function renderPost(path: string, body: object, apiKey: string): string {
  const text = JSON.stringify(body);
  const head = `POST ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${apiKey}\r\n`;
  return `${head}content-type: application/json\r\ncontent-length: ${text.length}${HEAD_END}${text}`;
}

import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A mail server that keeps what it gets. */
export interface Mailbox {
  readonly url: string;
  readonly mails: readonly { readonly from: string; readonly to: string; readonly source: string }[];
  /** Replies with this to each recipient from now on: `451`, silence, or nothing of the kind. */
  refuse(how: number | 'hang' | undefined): void;
  close(): Promise<void>;
}

export async function startMailbox(): Promise<Mailbox> {
  const mails: { from: string; to: string; source: string }[] = [];
  let refusal: number | 'hang' | undefined;
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    closeTimeout: 1,
    onRcptTo(_, __, done) {
      if (refusal === 'hang') return;
      done(refusal === undefined ? null : Object.assign(new Error('Not now'), { responseCode: refusal }));
    },
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        // Soft line ends of quoted-printable.
        const source = Buffer.concat(chunks).toString('utf8').replaceAll('=\r\n', '').replaceAll('=3D', '=');
        for (const { address } of envelope.rcptTo) mails.push({ from, to: address, source });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    mails,
    refuse(how) {
      refusal = how;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

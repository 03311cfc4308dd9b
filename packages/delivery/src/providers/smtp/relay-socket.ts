import { connect, type Socket } from 'node:net';
import { lookupPublic } from '../public-address.ts';
import type { SmtpConfig } from './config.ts';

type Connected = (error: Error | null, socket?: { readonly connection: Socket } | false) => void;

/** A TCP connection to the relay, for nodemailer: its own would resolve names otherwise than all else here, and connect anywhere. */
export function connectToRelay({ host, port, isPublicOnly, timeoutMs }: SmtpConfig, connected: Connected): void {
  const socket = connect({ host, port, noDelay: true, ...(isPublicOnly && { lookup: lookupPublic }) });
  const timer = setTimeout(() => {
    socket.destroy(Object.assign(new Error('No connection in time'), { code: 'ETIMEDOUT' }));
  }, timeoutMs);
  const fail = (error: Error) => {
    clearTimeout(timer);
    connected(error);
  };
  socket.once('error', fail);
  socket.once('connect', () => {
    clearTimeout(timer);
    socket.off('error', fail);
    connected(null, { connection: socket });
  });
}

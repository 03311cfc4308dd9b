import type { AddressInfo } from 'node:net';
import { StartupError } from '../errors.ts';
import type { HttpApp } from './app.ts';

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** The variable that sets the port, for the error that names it. */
  readonly variable: string;
}

/** Starts listening and returns the base URL; a port in use is one line that says what to set. */
export async function listen(app: HttpApp, { host, port, variable }: ListenOptions): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new StartupError(`Port ${port} is in use: set ${variable} to another one, or to 0 for any free port.`);
  }
  const { port: boundPort } = app.server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`;
}

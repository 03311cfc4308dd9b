import type { AddressInfo } from 'node:net';
import { explainListenError, urlOf } from '../listening.ts';
import type { HttpApp } from './app.ts';

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** The variable that sets the port, for the error that names it. */
  readonly variable: string;
}

/** Starts listening and returns the base URL. Throws a StartupError when the port is in use. */
export async function listen(app: HttpApp, { host, port, variable }: ListenOptions): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw explainListenError(error, port, variable);
  }
  return urlOf(host, (app.server.address() as AddressInfo).port);
}

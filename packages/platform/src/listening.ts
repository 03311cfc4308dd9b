import { StartupError } from './errors.ts';

/** A port in use is one line that says what to set; any other error stays itself. */
export function explainListenError(error: unknown, port: number, variable: string): unknown {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) return error;
  return new StartupError(`Port ${port} is in use: set ${variable} to another one, or to 0 for any free port.`);
}

/** Where a server that listens on `host` is reached from this machine. */
export function urlOf(host: string, port: number): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`;
  if (host === '::') return `http://[::1]:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { User } from '../owned-process.ts';

/** Debian's `nobody` and `nogroup`: PostgreSQL refuses to run as root. */
const NOBODY: User = { uid: 65_534, gid: 65_534 };
const MAY_PASS = 0o001;
/** sockaddr_un holds 107 bytes, see unix(7), and PostgreSQL's name for the socket is in them. */
const SOCKET_DIRECTORY_LENGTH_MAX = 85;

/** Whom the servers run as: nobody when we are root, else ourselves (undefined). */
export const serverUser: User | undefined = process.getuid?.() === 0 ? NOBODY : undefined;

/** Where downloads are kept, for all checkouts on this machine. */
export function cacheDirectory(): string {
  // Root's own home is closed to the user that the servers run as.
  if (serverUser) return '/var/cache/watchword';
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'watchword');
}

/** Where the data of a checkout stay: in its data directory, unless that is closed to the user who has to write there. */
export function workDirectory(dataDirectory: string): string {
  if (!serverUser) return join(dataDirectory, 'mongo');
  const name = createHash('sha256').update(dataDirectory).digest('hex').slice(0, 12);
  return join('/var/lib/watchword', `mongo-${name}`);
}

/** Where a test run may make its own directory: the first of these that the server's user can get to. */
export function temporaryDirectory(): string {
  return [tmpdir(), '/tmp'].find((path) => !serverUser || isOpenToAll(path)) ?? tmpdir();
}

/** A directory that the server's user can pass through and only we can list. */
export function makePassable(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o711 });
}

/** A directory for sockets, with a path short enough for one. */
export function socketDirectory(directory: string): string {
  if (directory.length <= SOCKET_DIRECTORY_LENGTH_MAX) return directory;
  return mkdtempSync('/tmp/watchword-socket-');
}

function isOpenToAll(path: string): boolean {
  const isOpen = (statSync(path).mode & MAY_PASS) !== 0;
  return isOpen && (dirname(path) === path || isOpenToAll(dirname(path)));
}

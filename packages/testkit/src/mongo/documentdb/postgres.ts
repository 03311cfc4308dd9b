import { chmodSync, globSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchOwnedProcess, type OwnedProcess } from '../owned-process.ts';
import { serverUser } from './places.ts';

const PROGRAMS = new Set(['postgres', 'initdb']);

export const programsOf = (root: string): string => globSync(join(root, 'usr/lib/postgresql/*/bin'))[0] ?? root;

/**
 * Lets PostgreSQL's programs start by the loader and the libraries they were unpacked with, wherever that is: so they need
 * no chroot, and hence no privileges. They find their other files beside themselves, by the name they were called by.
 */
export function wrapPrograms(root: string): void {
  const directory = programsOf(root);
  const [libraries = ''] = globSync('usr/lib/*-linux-gnu', { cwd: root });
  const [loader = ''] = globSync(`${libraries}/ld-linux-*.so.*`, { cwd: root });
  // Some libraries are not at the place that all are, and the extension's name each other.
  const places = [libraries, `${libraries}/blas`, `${libraries}/lapack`, 'usr/lib/postgresql/*/lib']
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .map((place) => `$root/${place}`);
  for (const program of readdirSync(directory)) {
    const path = join(directory, program);
    if (!PROGRAMS.has(program)) {
      rmSync(path, { recursive: true });
      continue;
    }
    renameSync(path, `${path}.bin`);
    const start = `exec "$root/${loader}" --argv0 "$0" --library-path "${places.join(':')}" "$0.bin" "$@"`;
    writeFileSync(path, `#!/bin/sh\nroot=\${0%/usr/lib/postgresql/*}\n${start}\n`);
    chmodSync(path, 0o755);
  }
}

/** What every start of it needs to know: where it meets with FerretDB, and with itself. */
function socketSettings(sockets: string): string[] {
  return settingsAsArguments({
    listen_addresses: '',
    unix_socket_directories: sockets,
    unix_socket_permissions: '0700',
    'cron.host': sockets,
    'documentdb.localhost_connection_string': `host=${sockets}`,
  });
}

const settingsAsArguments = (settings: Readonly<Record<string, string>>): string[] =>
  Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

export interface PostgresOptions {
  readonly root: string;
  readonly data: string;
  readonly sockets: string;
  readonly logPath: string;
  /** Whether what was answered is on the disk (fsync). A killed process loses nothing either way; a power cut does. */
  readonly durable: boolean;
}

/** In the foreground, reached through a socket that only the servers' user can open. */
export function launchPostgres({ root, data, sockets, logPath, durable }: PostgresOptions): OwnedProcess {
  // Whoever wrote it has ended: we hold the lock of this directory.
  rmSync(join(data, 'postmaster.pid'), { force: true });
  return launchOwnedProcess({
    command: join(programsOf(root), 'postgres'),
    args: ['-D', data, ...socketSettings(sockets), ...settingsAsArguments({ fsync: durable ? 'on' : 'off' })],
    cwd: data,
    logPath,
    // Its "fast" shutdown: it writes all, and waits for no client.
    endSignal: 'SIGINT',
    user: serverUser,
  });
}

import { appendFileSync, chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import type { User } from '../owned-process.ts';
import { runTool, ToolFailed } from '../run-tool.ts';
import { serverUser } from './places.ts';
import { programsOf } from './postgres.ts';

const SETTINGS = `
shared_preload_libraries = 'pg_cron,pg_documentdb_core,pg_documentdb'
# It removes what is expired and builds indexes, once a minute, by workers of the server itself.
cron.database_name = 'postgres'
cron.use_background_workers = on
max_worker_processes = 24
max_connections = 200
dynamic_shared_memory_type = mmap
jit = off
min_wal_size = 16MB
max_wal_size = 512MB
log_timezone = 'GMT'
timezone = 'GMT'
`;

/** Makes a data directory of PostgreSQL in which the extension is there: copying it is quicker than making it. */
export async function makeTemplate(root: string, directory: string): Promise<void> {
  chmodSync(directory, 0o700);
  if (serverUser) chownSync(directory, serverUser.uid, serverUser.gid);
  const programs = programsOf(root);
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const init = ['-D', directory, '--username=postgres', '--auth=trust', '--wal-segsize=1', '--no-sync', ...locale];
  await runAs(serverUser, directory, join(programs, 'initdb'), init);
  appendFileSync(join(directory, 'postgresql.conf'), SETTINGS);
  // A server for one session: it ends when it has read all.
  const single = ['--single', '-D', directory, 'postgres'];
  const output = await runAs(
    serverUser,
    directory,
    join(programs, 'postgres'),
    single,
    'create extension documentdb cascade',
  );
  if (/ERROR:/.test(output)) throw new ToolFailed('postgres', output);
}

function runAs(user: User | undefined, cwd: string, command: string, args: string[], input = ''): Promise<string> {
  if (!user) return runTool(command, args, { cwd, input });
  const as = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--', command];
  return runTool('setpriv', [...as, ...args], { cwd, input });
}

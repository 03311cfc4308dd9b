import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StartupError } from '@watchword/platform';
import { launchOwnedProcess, type OwnedProcess } from '../owned-process.ts';
import { runTool, ToolFailed } from '../run-tool.ts';
import { serverUser } from './places.ts';

export const FERRETDB_VERSION = 'v2.7.0';

const MODULE = 'github.com/FerretDB/FerretDB/v2/cmd/ferretdb';
const GO_MIN = 24;

/** Where Go is when PATH does not say: its own installer's place, and Debian's. */
function goPlaces(): string[] {
  const debian = existsSync('/usr/lib')
    ? readdirSync('/usr/lib')
        .filter((name) => /^go-1[.]\d+$/.test(name))
        .map((name) => `/usr/lib/${name}/bin/go`)
    : [];
  return ['go', '/usr/local/go/bin/go', ...debian];
}

/** The program `go`, 1.24 or later. @throws StartupError when there is none. */
export async function findGo(): Promise<string> {
  for (const go of goPlaces()) {
    const version = await runTool(go, ['version']).catch(toNothing);
    const minor = /go version go1[.](\d+)/.exec(version ?? '')?.[1];
    if (Number(minor) >= GO_MIN) return go;
  }
  throw new StartupError(`No Go 1.${GO_MIN} or later, which builds FerretDB: install it, or set MONGODB_URL.`);
}

/** Not there, or not able to say what it is: the next place may have a better one. */
function toNothing(error: unknown): undefined {
  if (!(error instanceof ToolFailed)) throw error;
  return undefined;
}

/** Builds `directory/ferretdb`. The sources are checked against Go's checksum database; Go's caches go afterwards. */
export async function buildFerretDb(go: string, directory: string): Promise<void> {
  const scratch = join(directory, 'scratch');
  await runTool(go, ['install', '-trimpath', `${MODULE}@${FERRETDB_VERSION}`], {
    cwd: directory,
    environment: {
      GOBIN: directory,
      GOPATH: join(scratch, 'path'),
      GOMODCACHE: join(scratch, 'modules'),
      GOCACHE: join(scratch, 'build'),
      // Else the modules could not be deleted.
      GOFLAGS: '-modcacherw',
      CGO_ENABLED: '0',
    },
  });
  await rm(scratch, { recursive: true });
}

export interface FerretDbOptions {
  /** Of the program. */
  readonly tools: string;
  /** Where PostgreSQL's socket is. */
  readonly sockets: string;
  readonly port: number;
  /** It writes its state there, and its log beside it. */
  readonly stateDirectory: string;
}

/** Without authentication, hence on loopback alone; without telemetry and without its own debug port. */
export function launchFerretDb({ tools, sockets, port, stateDirectory }: FerretDbOptions): OwnedProcess {
  const postgres = new URL('postgres://postgres@localhost/postgres');
  postgres.searchParams.set('host', sockets);
  const settings = {
    'postgresql-url': postgres.href,
    'listen-addr': `127.0.0.1:${port}`,
    'state-dir': stateDirectory,
    telemetry: 'disable',
    'debug-addr': '-',
    'log-level': 'WARN',
  };
  return launchOwnedProcess({
    command: join(tools, 'ferretdb'),
    args: ['--no-auth', ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`)],
    cwd: stateDirectory,
    logPath: `${stateDirectory}.log`,
    endSignal: 'SIGTERM',
    user: serverUser,
  });
}

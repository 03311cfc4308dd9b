import { existsSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StartupError } from '@watchword/platform';
import type { Progress } from '@watchword/platform/redis-server';
import { pipeTools, runTool } from '../run-tool.ts';
import { wrapPrograms } from './postgres.ts';
import { telling } from './telling.ts';

export const POSTGRES_MAJOR = 18;

const PACKAGE = `postgresql-${POSTGRES_MAJOR}-documentdb`;
const KEYRINGS = ['gpg', 'pgp'].map((suffix) => `/usr/share/keyrings/debian-archive-keyring.${suffix}`);
const SOURCES = '/etc/apt/{sources.list,sources.list.d/*.sources,sources.list.d/*.list}';
/** Testing's where it has the package, else unstable's. */
const SUITES = ['testing', 'sid'];
const UNPACKED_AT_ONCE = 2;

/** Nothing of these is read by a server that speaks C and stays at UTC. */
const LEFT_OUT = [
  './etc',
  './var',
  './usr/bin',
  './usr/sbin',
  './usr/lib/systemd',
  './usr/lib/locale',
  './usr/lib/*/perl*',
  './usr/lib/*/systemd',
  './usr/lib/*/gconv',
  './usr/lib/postgresql/*/lib/bitcode',
  './usr/share/[!p]*',
  './usr/share/p[!o]*',
];

/** Where this machine gets Debian's packages, and the keys that they must be signed with. */
export interface DebianArchive {
  readonly mirror: string;
  readonly keyring: string;
}

/** @throws StartupError where there is no Debian with apt. */
export function findDebianArchive(): DebianArchive {
  const keyring = KEYRINGS.find((path) => existsSync(path));
  const mirror = globSync(SOURCES)
    .flatMap((path) => readFileSync(path, 'utf8').split('\n'))
    .filter((line) => /^(URIs:|deb )/.test(line))
    .flatMap((line) => /\bhttps?:\/\/\S+\/debian\/?(?=\s|$)/.exec(line) ?? [])[0];
  if (keyring === undefined || mirror === undefined || !existsSync('/usr/bin/apt-get')) {
    throw new StartupError(
      'No MongoDB server, and DocumentDB is installed on Debian only: install mongod, or set MONGODB_URL.',
    );
  }
  return { mirror, keyring };
}

/**
 * Unpacks PostgreSQL with the DocumentDB extension and all they need, down to the C library, into `root`.
 *
 * apt keeps all its state below `root` as well, and dpkg takes no part: it is as if nothing had ever been installed, so
 * apt needs no privileges and knows no package of this machine.
 */
export async function fetchPostgres(archive: DebianArchive, root: string, progress: Progress): Promise<void> {
  const state = join(root, 'apt');
  const aptGet = prepareApt(archive, state);
  const title = `MongoDB: downloading PostgreSQL ${POSTGRES_MAJOR} with DocumentDB from Debian (about 165 MB)`;
  await telling(title, progress, async () => {
    await aptGet('update');
    await aptGet('install', '--yes', '--download-only', '--no-install-recommends', PACKAGE);
  });
  await telling('MongoDB: unpacking it (about 350 MB)', progress, () =>
    unpack(globSync(join(state, 'archives/*.deb')), root),
  );
  await rm(state, { recursive: true });
  completeRoot(root);
}

function prepareApt({ mirror, keyring }: DebianArchive, state: string) {
  for (const directory of ['lists/partial', 'archives/partial']) {
    mkdirSync(join(state, directory), { recursive: true });
  }
  writeFileSync(join(state, 'status'), '');
  // A mirror may be a snapshot, whose signature is no longer fresh; it is checked all the same.
  const sources = SUITES.map((suite) => `deb [signed-by=${keyring} check-valid-until=no] ${mirror} ${suite} main\n`);
  writeFileSync(join(state, 'sources.list'), sources.join(''));
  const settings = {
    'Dir::State::lists': join(state, 'lists'),
    'Dir::State::status': join(state, 'status'),
    'Dir::State::extended_states': join(state, 'extended_states'),
    'Dir::Cache': state,
    'Dir::Cache::archives': join(state, 'archives'),
    'Dir::Etc::sourcelist': join(state, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::Log': state,
    'APT::Default-Release': SUITES[0],
    'APT::Sandbox::User': 'root',
    'APT::Update::Error-Mode': 'any',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return (...args: string[]) =>
    runTool('apt-get', [...options, '-q', ...args], { environment: { DEBIAN_FRONTEND: 'noninteractive' } });
}

async function unpack(packages: readonly string[], root: string): Promise<void> {
  const waiting = [...packages];
  const exclude = LEFT_OUT.map((pattern) => `--exclude=${pattern}`);
  const unpackNext = async () => {
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      const tar = ['tar', '--extract', '--directory', root, '--keep-directory-symlink', '--no-same-owner', ...exclude];
      await pipeTools(['dpkg-deb', '--fsys-tarfile', file], tar);
    }
  };
  await Promise.all(Array.from({ length: UNPACKED_AT_ONCE }, unpackNext));
}

/** What the packages' scripts would have done. */
function completeRoot(root: string): void {
  const extensions = join(root, `usr/share/postgresql/${POSTGRES_MAJOR}/extension`);
  if (!existsSync(join(extensions, 'postgis.control'))) {
    symlinkSync('postgis-3.control', join(extensions, 'postgis.control'));
  }
  wrapPrograms(root);
}

// `npm run keys -- …`: shows and rotates the rings of DATA_DIR/keys.json. It prints no key, but for `new`.
import {
  changeKeysFile,
  dataDirectoryOf,
  fingerprintOf,
  type KeysFile,
  newKeyText,
  RINGS,
  type RingName,
  readKeysFile,
  SECRET_VARIABLES,
  StartupError,
} from '@watchword/platform';
import { addKey, promoteKey, RotationRefused, retireKey, ringOf } from './rotation.ts';

const USAGE = `Usage: npm run keys -- list
       npm run keys -- add|promote|rotate ${RINGS.join('|')}
       npm run keys -- retire ${RINGS.join('|')} <id> [--force]
       npm run keys -- new`;

const RING_COMMANDS = ['add', 'promote', 'rotate', 'retire'] as const;
type RingCommand = (typeof RING_COMMANDS)[number];

/** Who reads a ring, in the order to restart them: what reads a new key before what makes something with it. */
const READERS: Readonly<Record<RingName, string>> = {
  pepper: 'otp',
  seal: 'worker, recorder and console, then otp',
  index: 'recorder and console',
  token: 'otp',
};

/** Those who verify tokens fetch the keys anew within two minutes: one in the gateway, one where they are. */
const WHEN_KNOWN: Readonly<Partial<Record<RingName, string>>> = { token: 'two minutes later' };

const directory = dataDirectoryOf(process.env);
const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const variableOf = (ring: RingName) =>
  Object.entries(SECRET_VARIABLES).find(([, name]) => name === ring)?.[0] as keyof typeof SECRET_VARIABLES;

function describeRing(keys: KeysFile, ring: RingName): string {
  const { current, keys: entries } = ringOf(keys, ring);
  const changes = keys.changes.filter((change) => change.ring === ring);
  const rows = entries.map(({ id, key }) => {
    const state = id === current.id ? 'current' : '       ';
    const history = changes
      .filter((change) => change.id === id || change.from === id)
      .map((change) => `${change.from === id ? 'current until' : change.change} ${change.at}`);
    return `  ${String(id).padStart(3)}  ${state}  ${fingerprintOf(variableOf(ring), key)}  ${history.join(', ')}`.trimEnd();
  });
  const overruled = process.env[variableOf(ring)] ? '  (the environment has its own, which wins)' : '';
  return [`${ring}  ${variableOf(ring)}${overruled}`, ...rows].join('\n');
}

function nextStep(command: RingCommand, ring: RingName, previous: number): string {
  const restart = `restart ${READERS[ring]} (every process; \`npm start\` where one runs all)`;
  const retire = `Ten minutes after the last restart, or later: npm run keys -- retire ${ring} ${previous} (see docs/keys.md).`;
  switch (command) {
    case 'add':
      return `${restart}, so that all know the key; ${WHEN_KNOWN[ring] ?? 'then'} npm run keys -- promote ${ring}`;
    case 'promote':
      return `${restart}. ${retire}`;
    case 'rotate':
      return `${restart}, at once: who has not restarted cannot read what the others make. ${retire}`;
    case 'retire':
      return `${restart}: until then they still take what it made.`;
  }
}

function changeRing(command: RingCommand, ring: RingName, id: number, isForced: boolean): void {
  const now = new Date();
  const previous = ringOf(readKeysFile(directory), ring).current.id;
  const changed = changeKeysFile(directory, (keys) => {
    switch (command) {
      case 'add':
        return addKey(keys, ring, now);
      case 'promote':
        return promoteKey(keys, ring, now);
      case 'rotate':
        return promoteKey(addKey(keys, ring, now), ring, now);
      case 'retire':
        return retireKey(keys, ring, id, now, isForced);
    }
  });
  print(`${describeRing(changed, ring)}\n\nNext: ${nextStep(command, ring, previous)}`);
}

function run(args: readonly string[]): void {
  const [command, name] = args;
  if (args.length === 1 && command === 'new') return print(newKeyText());
  if (args.length === 1 && command === 'list') {
    const keys = readKeysFile(directory);
    return print(RINGS.map((ring) => describeRing(keys, ring)).join('\n'));
  }
  const wanted = RING_COMMANDS.find((known) => known === command);
  const ring = RINGS.find((known) => known === name);
  const rest = args.slice(2).join(' ');
  const isWhole = wanted === 'retire' ? /^\d{1,3}( --force)?$/.test(rest) : rest === '';
  if (wanted === undefined || ring === undefined || !isWhole) throw new RotationRefused(USAGE);
  changeRing(wanted, ring, Number.parseInt(rest, 10), rest.endsWith('--force'));
}

try {
  run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof RotationRefused) && !(error instanceof StartupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

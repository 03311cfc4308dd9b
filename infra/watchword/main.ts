// `npx watchword …`: what an operator does beside the running services. It prints no secret but what it has just made.
import { type Command, CommandRefused, isOperatorsFault, print } from './command.ts';
import { init } from './init.ts';
import { migrate } from './migrate.ts';
import { rebuildStatisticsCommand } from './rebuild-statistics.ts';
import { reseal } from './reseal.ts';

const COMMANDS: Readonly<Record<string, Command>> = {
  init,
  migrate,
  reseal,
  'rebuild-statistics': rebuildStatisticsCommand,
};

function describeCommands(): string {
  const rows = Object.values(COMMANDS).map(({ usage, does }) => `  npx watchword ${usage}\n      ${does}`);
  return `Usage:\n${rows.join('\n')}\n\nThe records are those of MONGODB_URL, RECORDS_FILE or DATA_DIR, keys those of the environment or DATA_DIR/keys.json.`;
}

async function main([name = 'help', ...args]: readonly string[]): Promise<void> {
  if (['help', '--help', '-h'].includes(name)) return print(describeCommands());
  const command = COMMANDS[name];
  if (command === undefined) throw new CommandRefused(`There is no command "${name}".\n${describeCommands()}`);
  await command.run(args);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!isOperatorsFault(error)) throw error;
  process.stderr.write(`watchword: ${error.message}\n`);
  process.exitCode = 1;
}

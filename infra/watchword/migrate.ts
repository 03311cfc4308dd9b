import { migrateRecords } from '@watchword/records';
import { type Command, CommandRefused, print, readTarget } from './command.ts';

export const migrate: Command = {
  usage: 'migrate',
  does: 'brings the records to the schema of this version; stop the recorders and the console first',
  async run(args) {
    if (args.length > 0) throw new CommandRefused(`Usage: npx watchword ${migrate.usage}`);
    const { from, to } = await migrateRecords(readTarget(), print);
    print(
      from === to ? `The records have schema ${to}: nothing to do.` : `The records went from schema ${from} to ${to}.`,
    );
  },
};

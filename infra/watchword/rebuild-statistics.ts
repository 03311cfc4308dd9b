import { parseEnvironment } from '@watchword/platform';
import { rebuildStatistics, recorderVariables } from '@watchword/recorder';
import { openRecords } from '@watchword/records';
import { z } from 'zod';
import { type Command, CommandRefused, createProgress, print, readTarget } from './command.ts';

const { RECORDS_RETENTION_DAYS } = recorderVariables.shape;

export const rebuildStatisticsCommand: Command = {
  usage: 'rebuild-statistics',
  does: 'counts the statistics anew from the recorded events; stop the recorders first',
  async run(args) {
    if (args.length > 0) throw new CommandRefused(`Usage: npx watchword ${rebuildStatisticsCommand.usage}`);
    const { RECORDS_RETENTION_DAYS: retentionDays } = parseEnvironment(
      z.object({ RECORDS_RETENTION_DAYS }),
      process.env,
    );
    const records = await openRecords(readTarget());
    const progress = createProgress();
    try {
      const rebuilt = await rebuildStatistics({
        records,
        retentionDays,
        now: () => Date.now(),
        onProgress: (so) => progress.show(JSON.stringify(so)),
      });
      progress.end();
      switch (rebuilt.result) {
        case 'rebuilt':
          return print(`${rebuilt.rows} rows of statistics were counted anew.`);
        case 'recorder_running':
          throw new CommandRefused('A recorder runs, or did until a few seconds ago: stop it, and try again.');
        case 'recording_unfinished':
          throw new CommandRefused(
            'A recorder was cut off while it counted: start one, wait until it has caught up, and stop it.',
          );
      }
    } finally {
      await records.close();
    }
  },
};

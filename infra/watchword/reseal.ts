import { resealRecords } from '@watchword/recorder';
import { createBlindIndex, openRecords } from '@watchword/records';
import { createSealer } from '@watchword/verifications';
import { type Command, CommandRefused, createProgress, print, readRings, readTarget } from './command.ts';

export const reseal: Command = {
  usage: 'reseal',
  does: 'seals and indexes the records anew under the current keys, so that old ones may be retired; beside running services',
  async run(args) {
    if (args.length > 0) throw new CommandRefused(`Usage: npx watchword ${reseal.usage}`);
    const { SEAL_KEY: sealKeys, INDEX_KEY: indexKeys } = readRings();
    const records = await openRecords(readTarget());
    const progress = createProgress();
    try {
      const { resealed, lost } = await resealRecords({
        records,
        sealer: createSealer(sealKeys),
        blindIndex: createBlindIndex(indexKeys),
        sealKeys,
        indexKeys,
        // The console's loop publishes what is marked.
        republish: async (project) => {
          await records.configuration.projects.markChanging(project, Date.now());
        },
        onProgress: (so) => progress.show(`resealed ${so.resealed}, lost ${so.lost}, pass ${so.passes}`),
      });
      progress.end();
      print(
        `${resealed} documents were sealed anew under seal key ${sealKeys.current.id} and index key ${indexKeys.current.id}.`,
      );
      if (lost > 0) print(`${lost} cannot be opened: their key is in no ring any more.`);
    } finally {
      await records.close();
    }
  },
};

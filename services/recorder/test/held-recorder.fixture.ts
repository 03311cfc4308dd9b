// A recorder that stops for ever at one step, for a test that kills it there: HOLD_AT=read (nothing is written yet) or trim
// (the batch is written, the stream is not trimmed).
import { describeService, parseEnvironment, runUntilSignal } from '@watchword/platform';
import { composeRecorder, recorderVariables } from '../src/index.ts';

const hold = (what: string) => {
  process.stdout.write(`held at ${what}\n`);
  return new Promise<never>(() => undefined);
};

await runUntilSignal(
  () =>
    composeRecorder(parseEnvironment(recorderVariables, process.env), {
      wrapStreams: (streams) => ({
        ...streams,
        async read(shard, after, count) {
          const entries = await streams.read(shard, after, count);
          return entries.length > 0 && process.env.HOLD_AT === 'read' ? hold('read') : entries;
        },
        async trim(shard, position) {
          if (position !== '0-0' && process.env.HOLD_AT === 'trim') await hold('trim');
          await streams.trim(shard, position);
        },
      }),
    }),
  describeService,
);

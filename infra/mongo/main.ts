// `npm run mongo`: a MongoDB-wire server to work with, in the foreground. Its data stay.
import { dataDirectoryOf, StartupError } from '@watchword/platform';
import { startWorkMongo } from '@watchword/testkit/mongo';

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

try {
  // Until it runs, a signal ends this process at once, and with it what it started: nothing is lost by that.
  const server = await startWorkMongo(dataDirectoryOf(process.env), say);
  const signalled = new Promise<undefined>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve(undefined));
  });
  process.stdout.write(`MONGODB_URL=${new URL('watchword', server.url).href}\n`);
  const failure = await Promise.race([signalled, server.failed]);
  await server.stop();
  if (failure !== undefined) throw new StartupError(`MongoDB ended by itself: ${failure}`);
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}

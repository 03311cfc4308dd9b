import { freePort, type Progress } from '@watchword/platform/redis-server';
import { type MongoEngine, type OutageServer, startEngine } from './mongo-server.ts';
import { waitUntilMongoAnswers } from './wait-until-answers.ts';

const IMAGE = 'mongo:8';
const PORT = 27_017;
const ANSWER_MS = 60_000;

/** In a container, where a Docker engine answers and has the image; undefined elsewhere. */
export async function startMongoContainer(progress: Progress): Promise<OutageServer | undefined> {
  // Loaded here: it takes its time, and who starts a server for work needs none of it.
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers');
  const client = await getContainerRuntimeClient().catch(() => undefined);
  const port = client && (await freePort());
  if (client === undefined || port === undefined) return undefined;
  try {
    // The port is given: one that Docker chooses would be another after each restart.
    const container = await new GenericContainer(IMAGE)
      .withExposedPorts({ container: PORT, host: port })
      .withWaitStrategy(Wait.forListeningPorts())
      .start();
    const engine = containerEngine(client.container.getById(container.getId()), port);
    return await startEngine(engine, async () => void (await container.stop()));
  } catch (error) {
    progress(`MongoDB for tests: no container (${error instanceof Error ? error.message : String(error)})`);
    return undefined;
  }
}

/** What is asked of Docker; `start` is refused (304) when it runs already. */
interface DockerContainer {
  start(): Promise<unknown>;
  stop(): Promise<unknown>;
  pause(): Promise<unknown>;
  unpause(): Promise<unknown>;
  kill(): Promise<unknown>;
  wait(): Promise<unknown>;
  inspect(): Promise<{ State: { Running: boolean; Paused: boolean } }>;
}

function containerEngine(container: DockerContainer, port: number): MongoEngine {
  const url = `mongodb://127.0.0.1:${port}/`;
  const unpause = async () => {
    if ((await container.inspect()).State.Paused) await container.unpause();
  };
  return {
    name: `container of ${IMAGE}`,
    url,
    async launch() {
      if (!(await container.inspect()).State.Running) await container.start();
      const ended = container.wait().then(() => 'the container ended');
      await waitUntilMongoAnswers(url, ended, ANSWER_MS);
      return {
        ended,
        pause: async () => void (await container.pause()),
        resume: unpause,
        async stop() {
          await unpause();
          await container.stop();
        },
        async kill() {
          await unpause();
          await container.kill();
        },
      };
    },
  };
}

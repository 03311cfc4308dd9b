/** A MongoDB-wire server that we started, and its end. */
export interface MongoServer {
  /** What it is, for people. */
  readonly name: string;
  /** `mongodb://127.0.0.1:<port>/`, without a database: `new URL('records', url)` names one. */
  readonly url: string;
  /** Resolves with the reason when it ends without `stop` or `kill`. */
  readonly failed: Promise<string>;
  /** Ends it in order. Its data stays; those of a test server go. Safe to call twice, and when it is paused. */
  stop(): Promise<void>;
}

/** A server that a test may take away and give back; the URL stays the same. */
export interface OutageServer extends MongoServer {
  /** SIGSTOP: connections stay open, and nobody answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** SIGKILL of all its processes, paused or not. */
  kill(): Promise<void>;
  /** Starts it again on the data it has; resolves when it answers. */
  restart(): Promise<void>;
}

/** One way to run a server: its port and its directory stay the same from one launch to the next. */
export interface MongoEngine {
  readonly name: string;
  readonly url: string;
  /** Resolves when it answers. */
  launch(): Promise<RunningMongo>;
}

/** One life of a server. */
export interface RunningMongo {
  /** Resolves with the reason, however it ended. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  kill(): Promise<void>;
}

/** @param discard called once, after `stop`. */
export async function startEngine(engine: MongoEngine, discard?: () => void | Promise<void>): Promise<OutageServer> {
  let running: RunningMongo | undefined = await engine.launch();
  let tellFailure: (reason: string) => void;
  const failed = new Promise<string>((resolve) => {
    tellFailure = resolve;
  });
  const watch = (life: RunningMongo) => {
    void life.ended.then((reason) => {
      if (running === life) tellFailure(reason);
    });
  };
  watch(running);
  /** Takes the life that is to end, so that its end is no failure. */
  const takeLife = () => {
    const life = running;
    running = undefined;
    return life;
  };
  let discarding: Promise<void> | undefined;
  return {
    name: engine.name,
    url: engine.url,
    failed,
    pause: async () => running?.pause(),
    resume: async () => running?.resume(),
    kill: async () => takeLife()?.kill(),
    async restart() {
      await takeLife()?.stop();
      running = await engine.launch();
      watch(running);
    },
    async stop() {
      await takeLife()?.stop();
      discarding ??= Promise.resolve(discard?.());
      await discarding;
    },
  };
}

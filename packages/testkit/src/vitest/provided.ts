declare module 'vitest' {
  // Vitest's way to type what a global set-up provides: `inject('redisUrl')`.
  interface ProvidedContext {
    /** Of the Redis or the Cluster that the whole project shares. */
    redisUrl: string;
    /** Of the MongoDB-wire server that the project `mongo` shares; undefined when none can be had. */
    mongoUrl: string | undefined;
    /** Why there is no `mongoUrl`, and what to do about it. */
    mongoReason: string | undefined;
  }
}

export {};

declare module 'vitest' {
  // Vitest's way to type what a global set-up provides: `inject('redisUrl')`.
  interface ProvidedContext {
    /** Of the Redis or the Cluster that the whole project shares. */
    redisUrl: string;
  }
}

export {};

/** Where the no-op worker finds its jobs. */
export const NOOP_QUEUE = { prefix: 'bench:{noop}', name: 'noop' } as const;

export * from './attempts.ts';
export * from './errors.ts';
export * from './events.ts';
export * from './hop.ts';
export * from './jobs.ts';
export * from './problem.ts';
export * from './verification.ts';

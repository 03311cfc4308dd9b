export * from './code-digest.ts';
export { digestsAtATime } from './digest-pool.ts';
export * from './digest-profiles.ts';

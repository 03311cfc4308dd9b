export * from './code-digest.ts';
export * from './digest-profiles.ts';

export * from './child.ts';
export * from './chromium.ts';
export * from './eventually.ts';
export * from './leak-search.ts';
export * from './platform.ts';
export * from './redis-process.ts';
export * from './scenarios/redis-outage.ts';
export * from './scenarios/worker-crash.ts';

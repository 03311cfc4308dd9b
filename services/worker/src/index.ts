export { type ComposeWorkerOptions, composeWorker } from './compose.ts';
export { type WorkerConfig, workerVariables } from './config.ts';

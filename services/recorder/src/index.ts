export { composeRecorder, type RecorderParts } from './compose.ts';
export { type RecorderConfig, recorderVariables } from './config.ts';
export { replay } from './domain/replay.ts';

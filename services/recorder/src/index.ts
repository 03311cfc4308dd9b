export { composeRecorder, type RecorderParts } from './compose.ts';
export { type RecorderConfig, recorderVariables } from './config.ts';
export { replay } from './domain/replay.ts';
export { type RebuildStatisticsOptions, type Rebuilt, rebuildStatistics } from './usecases/rebuild-statistics.ts';
export { type RecountOptions, type RecountProgress, recountStatistics } from './usecases/recount-statistics.ts';
export { type ResealProgress, type ResealRecordsOptions, resealRecords } from './usecases/reseal-records.ts';

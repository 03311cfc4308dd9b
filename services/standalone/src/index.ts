export { composeStandalone, type RunningStandalone } from './compose.ts';
export { standaloneVariables } from './config.ts';

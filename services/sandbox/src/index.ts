export * from './compose.ts';
export * from './config.ts';
export { FAULT_MODES, type FaultMode } from './domain/faults.ts';
export { PROVIDERS } from './domain/provider.ts';

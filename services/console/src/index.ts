export { type ConsoleParts, composeConsole } from './compose.ts';
export { type ConsoleConfig, consoleVariables } from './config.ts';
export { type MintedKey, mintKey } from './domain/mint-key.ts';
export { createSearchUseCases, type SearchDeps } from './search.ts';
export { type Initialize, initialize } from './usecases/initialize.ts';

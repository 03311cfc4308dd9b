export * from './circuit/circuit.ts';
export { baseUrlVariable } from './providers/credentials.ts';
export * from './providers/provider.ts';
export * from './providers/twilio/config.ts';
export * from './providers/twilio/twilio-provider.ts';
export * from './providers/vonage/config.ts';
export * from './providers/vonage/vonage-provider.ts';
export * from './templates/code-message.ts';

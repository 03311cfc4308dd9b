export { type ComposeGatewayOptions, composeGateway } from './compose.ts';
export { type GatewayConfig, gatewayVariables } from './config.ts';
export { buildOpenApi } from './openapi.ts';

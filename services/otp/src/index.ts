export { composeOtp, type OtpParts } from './compose.ts';
export { type OtpConfig, otpVariables } from './config.ts';

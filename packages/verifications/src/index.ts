export * from './code-policy.ts';
export { CODE_ALPHABETS, type CodeAlphabet } from './codes.ts';
export * from './create-deliveries.ts';
export * from './deliveries.ts';
export * from './due-set.ts';
export * from './outcomes.ts';
export * from './verifications.ts';

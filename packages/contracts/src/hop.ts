/** Headers of the signed hop gateway → otp. The signature covers all of them, the method, the path and the body. */
export const HOP_HEADERS = {
  requestId: 'x-watchword-request-id',
  project: 'x-watchword-project',
  mode: 'x-watchword-mode',
  operation: 'x-watchword-operation',
  deadline: 'x-watchword-deadline',
  signature: 'x-watchword-signature',
} as const;

/** A `live` key reaches carriers only, a `test` key the sandbox only. */
export const MODES = ['live', 'test'] as const;
export type Mode = (typeof MODES)[number];

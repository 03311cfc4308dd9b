import { z } from 'zod';

/** The ways that a code can go. */
export const CHANNELS = ['sms', 'whatsapp', 'email', 'voice', 'push'] as const;
export type Channel = (typeof CHANNELS)[number];

/** What a user can be reached at. In this order the first that is given stands for the verification: it is paced and counted by it. */
export const ADDRESS_KINDS = ['phone', 'email', 'device_token'] as const;
export type AddressKind = (typeof ADDRESS_KINDS)[number];

/** Where a channel's codes go. */
export const ADDRESS_OF_CHANNEL = {
  sms: 'phone',
  whatsapp: 'phone',
  email: 'email',
  voice: 'phone',
  push: 'device_token',
} as const satisfies Record<Channel, AddressKind>;

/** The channel of an address when nobody says another. */
export const USUAL_CHANNEL = { phone: 'sms', email: 'email', device_token: 'push' } as const satisfies Record<
  AddressKind,
  Channel
>;

export const STEPS_MAX = 5;

/** One step of a workflow. It ends when its channel fails, or when `timeout_s` passes without a receipt. */
export const workflowStepSchema = z
  .strictObject({
    channel: z.enum(CHANNELS),
    timeout_s: z
      .int()
      .min(5)
      .max(600)
      .optional()
      .describe('Wait for a receipt, in seconds; without it only a failure ends the step'),
  })
  .meta({ id: 'WorkflowStep' });
export type WorkflowStep = z.infer<typeof workflowStepSchema>;

export const workflowSchema = z
  .array(workflowStepSchema)
  .min(1)
  .max(STEPS_MAX)
  .describe('Channels, one after another; each needs a provider that carries it');

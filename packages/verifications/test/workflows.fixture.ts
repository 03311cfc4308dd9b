import type { WorkflowStep } from '@watchword/contracts';
import type { CodePolicy } from '../src/code-policy.ts';
import type { Claimed } from '../src/deliveries.ts';
import type { Harness, Opened } from './harness.ts';

export const WHATSAPP_SMS: readonly WorkflowStep[] = [{ channel: 'whatsapp', timeout_s: 30 }, { channel: 'sms' }];

/** Workflows on a harness that is still to start, their deliveries named by their ordinals. */
export function workflowsOn(harness: () => Harness) {
  const deliveryOf = (sent: Opened, ordinal: number) => sent.deliveryId.replace(/1$/, String(ordinal));

  return {
    start: (steps = WHATSAPP_SMS, withPolicy: Partial<CodePolicy> = {}) =>
      harness().open({ plan: { kind: 'in_turn', steps } }, { pacingSeconds: [0], ...withPolicy }),

    deliveryOf,
    claim: (sent: Opened, ordinal = 1): Promise<Claimed> => harness().claim(deliveryOf(sent, ordinal)),

    /** `whatsapp accepted, sms queued` */
    storyOf: async (sent: Opened) =>
      (await harness().read(sent)).deliveries.map(({ channel, status }) => `${channel} ${status}`).join(', '),

    /** What the due set hands over of this verification: `sms 2`. */
    drain: async ({ id }: Opened) =>
      (await harness().drain()).flatMap((due) =>
        due.action === 'enqueue' && due.deliveryId.includes(id.slice('ver_'.length))
          ? [`${due.channel} ${due.deliveryId.split('-')[1]}`]
          : [],
      ),

    /** Whether the sealed code of the first send is still there. */
    holdsCode: async (sent: Opened) => (await harness().redis.hexists(harness().keysOf(sent).verification, 'c1')) === 1,

    /** Kinds of the entries of the due set that are about this verification. */
    dueOf: async (sent: Opened) => {
      const entries = await harness().redis.zrange(harness().keysOf(sent).due, '0', '-1');
      return entries.filter((entry) => entry.includes(sent.id.slice('ver_'.length))).map((entry) => entry.slice(0, 1));
    },
  };
}

import type { WorkflowStep } from './channels.ts';
import type { PolicyRules } from './project-config.ts';

/** What a workflow's steps are judged by. */
export interface StepRules {
  readonly on_unknown: PolicyRules['on_unknown'];
  /** Undefined: not known here, and not judged. */
  readonly code_ttl_seconds: number | undefined;
}

/** No step is begun, and no message is sent, with less of the code's life left: 20 s, or a third of a shorter life. */
const leastLifeSeconds = (codeTtlSeconds: number) => Math.min(20, codeTtlSeconds / 3);
/** So much later than its time a step may begin, and a worker take it up, without being given up for that. */
const STEP_LATE_SECONDS = 5;

/**
 * Every step of a workflow must be able to begin: nothing would end one without `timeout_s` of whose outcome nobody ever hears,
 * when that is waited for; and none begins when the code has expired meanwhile. Gives the first whose `timeout_s` is in the way
 * of that, and why; undefined when none is.
 */
export function stepInTheWay(
  workflow: readonly WorkflowStep[],
  { on_unknown, code_ttl_seconds }: StepRules,
): { readonly step: number; readonly detail: string } | undefined {
  const waits = workflow.slice(0, -1);
  const endless = on_unknown === 'wait' ? waits.findIndex(({ timeout_s }) => timeout_s === undefined) : -1;
  if (endless >= 0) {
    const detail = 'is required with on_unknown wait: else no later step begins when the outcome stays unknown';
    return { step: endless, detail };
  }
  if (code_ttl_seconds === undefined) return undefined;
  const least = leastLifeSeconds(code_ttl_seconds) + STEP_LATE_SECONDS;
  let begins = 0;
  for (const [step, { timeout_s = 0 }] of waits.entries()) {
    begins += timeout_s;
    if (begins + least <= code_ttl_seconds) continue;
    return { step, detail: `leaves the next step less than ${Math.ceil(least)} s of the code's ${code_ttl_seconds} s` };
  }
  return undefined;
}

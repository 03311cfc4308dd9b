import { type PolicyRules, stepInTheWay } from '@watchword/contracts';
import { refuseField } from './refusals.ts';

/**
 * Every step of a policy's workflow must be able to begin.
 *
 * @throws AppError `invalid_request`, with the first step in the way
 */
export function requireEndOfSteps({ workflow = [], on_unknown, code_ttl_seconds }: PolicyRules): void {
  const found = stepInTheWay(workflow, { on_unknown, code_ttl_seconds });
  if (found === undefined) return;
  throw refuseField('invalid_request', `/rules/workflow/${found.step}/timeout_s`, found.detail);
}

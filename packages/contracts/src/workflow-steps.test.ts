import { describe, expect, test } from 'vitest';
import { type StepRules, stepInTheWay } from './workflow-steps.ts';

const judge = (timeouts: readonly (number | undefined)[], rules: Partial<StepRules> = {}) => {
  const steps = timeouts.map((timeout_s) => ({
    channel: 'sms' as const,
    ...(timeout_s === undefined ? {} : { timeout_s }),
  }));
  return stepInTheWay(steps, { on_unknown: 'resend', code_ttl_seconds: 300, ...rules })?.step;
};

describe('a step of a workflow', () => {
  test('that waits for what nobody may ever tell needs an end, but for the last', () => {
    expect(judge([undefined, undefined], { on_unknown: 'wait' })).toBe(0);
    expect(judge([30, undefined, undefined], { on_unknown: 'wait' })).toBe(1);
    expect(judge([30, 30, undefined], { on_unknown: 'wait' })).toBeUndefined();
    expect(judge([undefined], { on_unknown: 'wait' })).toBeUndefined();
    expect(judge([undefined, undefined])).toBeUndefined();
    expect(judge([undefined, undefined], { on_unknown: undefined })).toBeUndefined();
  });

  test('leaves the next one enough of the code’s life', () => {
    expect(judge([275, 600])).toBeUndefined();
    expect(judge([276, undefined])).toBe(0);
    expect(judge([600, undefined])).toBe(0);
    expect(judge([140, 135, undefined])).toBeUndefined();
    expect(judge([140, undefined, 136, undefined])).toBe(2);
  });

  test('of a short code leaves a third of its life', () => {
    expect(judge([15, undefined], { code_ttl_seconds: 30 })).toBeUndefined();
    expect(judge([16, undefined], { code_ttl_seconds: 30 })).toBe(0);
  });

  test('is not measured against a life that is not known', () => {
    expect(judge([600, undefined], { code_ttl_seconds: undefined })).toBeUndefined();
  });
});

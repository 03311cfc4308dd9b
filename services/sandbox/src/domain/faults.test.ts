import { describe, expect, it, vi } from 'vitest';
import { createFaults } from './faults.ts';

describe('createFaults', () => {
  it('holds a fault for its count of calls of that provider, then is ok', () => {
    const faults = createFaults();
    faults.set('twilio', { mode: 'throttle', count: 2, delayMs: 0, code: 20429 });
    expect(faults.take('vonage', 'sms').mode).toBe('ok');
    expect(faults.take('twilio', 'sms').mode).toBe('throttle');
    expect(faults.current('twilio')).toEqual({ mode: 'throttle', count: 1, delayMs: 0, code: 20429 });
    expect(faults.take('twilio', 'sms').mode).toBe('throttle');
    expect(faults.take('twilio', 'sms')).toEqual({ mode: 'ok', delayMs: 0 });
  });

  it('holds a fault without a count until it is cleared', () => {
    const faults = createFaults();
    faults.set('vonage', { mode: 'down', delayMs: 0 });
    expect([1, 2, 3].map(() => faults.take('vonage', 'sms').mode)).toEqual(['down', 'down', 'down']);
    faults.clear();
    expect(faults.take('vonage', 'sms').mode).toBe('ok');
  });

  it('holds for one of a provider’s channels only, when it names it', () => {
    const faults = createFaults();
    faults.set('twilio', { mode: 'down', channel: 'voice', count: 1, delayMs: 0 });
    expect(faults.take('twilio', 'sms').mode).toBe('ok');
    expect(faults.take('twilio', 'voice').mode).toBe('down');
    expect(faults.take('twilio', 'voice').mode).toBe('ok');
  });

  it('tells subscribers of a used-up call', () => {
    const faults = createFaults();
    faults.set('twilio', { mode: 'down', count: 1, delayMs: 0 });
    const onChange = vi.fn<() => void>();
    faults.subscribe(onChange);
    faults.take('twilio', 'sms');
    faults.take('twilio', 'sms');
    expect(onChange).toHaveBeenCalledTimes(1);
  });
});

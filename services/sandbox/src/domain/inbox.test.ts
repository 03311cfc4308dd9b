import { describe, expect, it, vi } from 'vitest';
import { createInbox, type Inbox } from './inbox.ts';

function fill(inbox: Inbox, ...arrivals: [id: string, to: string][]): void {
  for (const [id, to] of arrivals) inbox.add({ id, provider: 'twilio', to, text: `code 12345${id}`, at: 0 });
}

const ids = (inbox: Inbox, to?: string, limit = 100) => inbox.list({ to, limit }).map(({ id }) => id);

describe('createInbox', () => {
  it('lists newest first, all or those of one number', () => {
    const inbox = createInbox();
    fill(inbox, ['1', '+1'], ['2', '+2'], ['3', '+1']);
    expect(ids(inbox)).toEqual(['3', '2', '1']);
    expect(ids(inbox, '+1')).toEqual(['3', '1']);
    expect(ids(inbox, '+1', 1)).toEqual(['3']);
    expect(ids(inbox, undefined, 2)).toEqual(['3', '2']);
    expect(ids(inbox, '+3')).toEqual([]);
  });

  it('keeps the newest and forgets the oldest, in both views, however often it goes round', () => {
    const inbox = createInbox(3);
    fill(inbox, ['1', '+1'], ['2', '+2'], ['3', '+1'], ['4', '+2'], ['5', '+1'], ['6', '+1'], ['7', '+2']);
    expect(inbox.size).toBe(3);
    expect(ids(inbox)).toEqual(['7', '6', '5']);
    expect(ids(inbox, '+1')).toEqual(['6', '5']);
    expect(ids(inbox, '+2')).toEqual(['7']);
  });

  it('starts anew after a clear', () => {
    const inbox = createInbox(2);
    fill(inbox, ['1', '+1'], ['2', '+1'], ['3', '+1']);
    inbox.clear();
    expect(ids(inbox)).toEqual([]);
    expect(ids(inbox, '+1')).toEqual([]);
    fill(inbox, ['4', '+1']);
    expect(ids(inbox)).toEqual(['4']);
  });

  it('tells subscribers of every change until they leave', () => {
    const inbox = createInbox();
    const onChange = vi.fn<() => void>();
    const unsubscribe = inbox.subscribe(onChange);
    fill(inbox, ['1', '+1']);
    inbox.clear();
    unsubscribe();
    fill(inbox, ['2', '+1']);
    expect(onChange).toHaveBeenCalledTimes(2);
  });
});

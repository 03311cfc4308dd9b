import { describe, expect, it, vi } from 'vitest';
import { createInbox, type Inbox } from './inbox.ts';

const REQUEST = { line: 'POST /', headers: {}, body: '' };
const TEXT = 'hello';
const HTML = '<p>hello</p>';

function fill(inbox: Inbox, ...arrivals: [id: string, to: string][]): void {
  for (const [id, to] of arrivals) {
    inbox.add({
      id,
      channel: 'email',
      provider: 'smtp',
      to,
      subject: null,
      text: TEXT,
      html: HTML,
      code: null,
      segments: null,
      at: 0,
      request: REQUEST,
    });
  }
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
    const inbox = createInbox({ messagesMax: 3 });
    fill(inbox, ['1', '+1'], ['2', '+2'], ['3', '+1'], ['4', '+2'], ['5', '+1'], ['6', '+1'], ['7', '+2']);
    expect(inbox.size).toBe(3);
    expect(ids(inbox)).toEqual(['7', '6', '5']);
    expect(ids(inbox, '+1')).toEqual(['6', '5']);
    expect(ids(inbox, '+2')).toEqual(['7']);
  });

  it('starts anew after a clear', () => {
    const inbox = createInbox({ messagesMax: 2 });
    fill(inbox, ['1', '+1'], ['2', '+1'], ['3', '+1']);
    inbox.clear();
    expect(ids(inbox)).toEqual([]);
    expect(ids(inbox, '+1')).toEqual([]);
    fill(inbox, ['4', '+1']);
    expect(ids(inbox)).toEqual(['4']);
  });

  it('adds receipts to the message that they are of, and to no other', () => {
    const inbox = createInbox();
    fill(inbox, ['1', '+1'], ['2', '+1']);
    const receipt = { status: 'delivered', at: '2026-01-01T00:00:00.000Z', answered: 204 };
    inbox.addReceipt('1', receipt);
    inbox.addReceipt('nobody', receipt);
    expect(inbox.list({ to: '+1', limit: 2 }).map(({ receipts }) => receipts)).toEqual([[], [receipt]]);
    expect(inbox.find('1')?.receipts).toEqual([receipt]);
  });

  it('keeps only the newest whole, also when the ring goes round', () => {
    const inbox = createInbox({ messagesMax: 4, wholeMax: 2 });
    fill(inbox, ['1', '+1'], ['2', '+1'], ['3', '+1']);
    const isWhole = (id: string) => [inbox.find(id)?.request, inbox.find(id)?.html];
    expect(isWhole('1')).toEqual([null, null]);
    expect(isWhole('2')).toEqual([REQUEST, HTML]);
    fill(inbox, ['4', '+1'], ['5', '+1'], ['6', '+1']);
    expect(['3', '4', '5', '6'].map((id) => inbox.find(id)?.request ?? null)).toEqual([null, null, REQUEST, REQUEST]);
    expect(inbox.find('2')).toBeUndefined();
  });

  it('keeps what fits into its characters, the newest message always', () => {
    const sizeOfOne = 1 + 2 + TEXT.length;
    const inbox = createInbox({ charactersMax: 2 * sizeOfOne });
    fill(inbox, ['1', '+1'], ['2', '+1'], ['3', '+1']);
    expect(ids(inbox)).toEqual(['3', '2']);
    fill(inbox, ['4', `+${'9'.repeat(100)}`]);
    expect(ids(inbox)).toEqual(['4']);
    fill(inbox, ['5', '+1'], ['6', '+1']);
    expect(ids(inbox)).toEqual(['6', '5']);
  });

  it('keeps as many whole as their requests and markup fit, the newest message always', () => {
    const sizeOfOne = REQUEST.line.length + HTML.length;
    const inbox = createInbox({ wholeCharactersMax: 2 * sizeOfOne });
    fill(inbox, ['1', '+1'], ['2', '+1'], ['3', '+1']);
    const whole = () => ids(inbox).filter((id) => inbox.find(id)?.request !== null);
    expect(whole()).toEqual(['3', '2']);
    expect(ids(inbox)).toEqual(['3', '2', '1']);
    const narrow = createInbox({ wholeCharactersMax: 1 });
    fill(narrow, ['1', '+1'], ['2', '+1']);
    expect(ids(narrow).map((id) => narrow.find(id)?.request ?? null)).toEqual([REQUEST, null]);
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

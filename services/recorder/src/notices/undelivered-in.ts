import type { Batch } from '@watchword/records';
import type { Undelivered } from './notice-board.ts';

/** By project, what a recorded batch tells of codes that no provider took. */
export function undeliveredIn({ events, verifications }: Batch): Map<string, Undelivered> {
  const happened = events.filter(({ type }) => type === 'verification.undeliverable');
  const found = new Map<string, Undelivered>();
  if (happened.length === 0) return found;
  const states = new Map(verifications.map((state) => [state.id, state]));
  for (const { verification, data } of happened) {
    const state = states.get(verification);
    if (state === undefined) continue;
    const { live, test, channels } = found.get(state.project) ?? NOTHING;
    const tried = String(data.channels ?? state.channel ?? '').split(',');
    found.set(state.project, {
      live: live + (state.mode === 'live' ? 1 : 0),
      test: test + (state.mode === 'test' ? 1 : 0),
      channels: [...new Set([...channels, ...tried])].filter(Boolean),
    });
  }
  return found;
}

const NOTHING: Undelivered = { live: 0, test: 0, channels: [] };

export function addUndelivered(left: Undelivered = NOTHING, right: Undelivered = NOTHING): Undelivered {
  return {
    live: left.live + right.live,
    test: left.test + right.test,
    channels: [...new Set([...left.channels, ...right.channels])],
  };
}

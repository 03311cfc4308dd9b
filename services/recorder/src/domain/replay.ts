import type { EventDocument, RecordedState } from '@watchword/records';
import { applyEvent, type SealedParts } from './fold.ts';
import { toEvent } from './stream-event.ts';

/**
 * Folds a verification's recorded events anew. It must equal what is stored; `sealed` is taken from there, since the
 * timeline holds no destination.
 */
export function replay(recorded: readonly EventDocument[], sealed: SealedParts): RecordedState | undefined {
  let state: RecordedState | undefined;
  for (const { verification, seq, type, at, data } of recorded.toSorted((left, right) => left.seq - right.seq)) {
    const event = toEvent(verification, seq, type, at, data);
    if (!('unreadable' in event)) state = applyEvent(state, event, sealed);
  }
  return state;
}

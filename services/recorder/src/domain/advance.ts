import type { RecordableEvent } from './stream-event.ts';

export type EventOf<Type> = Extract<RecordableEvent, { type: Type }>;

/** A document that has taken in this event, or a later one, stays what it is. */
export function advance<D extends { readonly applied_seq: number }>(
  document: D,
  { seq }: RecordableEvent,
  change: Partial<D>,
): D {
  return seq <= document.applied_seq ? document : { ...document, ...change, applied_seq: seq };
}

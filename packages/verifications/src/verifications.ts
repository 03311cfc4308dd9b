import { createChecking } from './checking.ts';
import { createConsuming } from './consuming.ts';
import { createCore, type VerificationsOptions } from './core.ts';
import { type CallContext, type NotFound, type NotPending, type Owner, tooLate } from './outcomes.ts';
import { readState, type VerificationState } from './read-state.ts';
import { cancelScript } from './scripts.ts';
import { createSending } from './sending.ts';
import { keysOf } from './shards.ts';
import { readTail, type Tail } from './timeline.ts';

export interface VerificationView extends VerificationState {
  readonly id: string;
}

/**
 * The state machine of a verification: `pending → approved | expired | exhausted | canceled`. Each transition is one Lua
 * script that also appends its event. Ids are public (`ver_…`); an id that proves itself false is `not_found` at once.
 */
export function createVerifications(options: VerificationsOptions) {
  const core = createCore(options);
  const { redis, clock, sealer, find } = core;

  async function cancel(publicId: string, call: CallContext): Promise<{ result: 'canceled' } | NotPending | NotFound> {
    const found = find(publicId);
    if (!found) return { result: 'not_found' };
    const { id, address } = found;
    const { destination: _, ...scriptKeys } = keysOf(id, address, call.operation);
    const marker = call.operation === '' ? '' : '1';
    const { project, mode, deadline } = call;
    const reply = await cancelScript(redis, scriptKeys, [clock.now(), deadline, id, project, mode, marker]);
    if (reply.result === 'late') throw tooLate();
    return reply;
  }

  async function read(publicId: string, { project, mode }: Owner): Promise<VerificationView | null> {
    const found = find(publicId);
    const state = found ? await readState(redis, sealer, clock.now(), found.id, found.address) : null;
    return state?.project === project && state.mode === mode ? { ...state, id: publicId } : null;
  }

  /** What Redis has of the events of an owner's verification; null for another's, and for an id that proves itself false. */
  async function tail(publicId: string, owner: Owner): Promise<Tail | null> {
    const found = find(publicId);
    return found ? readTail(redis, owner, found.id, found.address) : null;
  }

  return { ...createSending(core), ...createChecking(core), ...createConsuming(core), cancel, read, tail };
}

export type Verifications = ReturnType<typeof createVerifications>;

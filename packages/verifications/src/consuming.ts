import type { Core } from './core.ts';
import { type CallContext, type ConsumeResult, tooLate } from './outcomes.ts';
import { consumeTokenScript } from './scripts.ts';
import { keysOf } from './shards.ts';

/** Spending approval tokens. */
export function createConsuming({ redis, clock, find }: Core) {
  /** Spends the token of an approved verification: of all calls, one hears `consumed`, and its repeats. */
  async function consumeToken(publicId: string, isExpired: boolean, call: CallContext): Promise<ConsumeResult> {
    const found = find(publicId);
    if (!found) return 'invalid';
    const { id, address } = found;
    const { verification, operation, events } = keysOf(id, address, call.operation);
    const { result } = await consumeTokenScript(redis, { verification, operation, events }, [
      clock.now(),
      call.deadline,
      id,
      call.project,
      call.mode,
      isExpired ? '1' : '',
      call.operation === '' ? '' : '1',
    ]);
    if (result === 'late') throw tooLate();
    return result;
  }

  return { consumeToken };
}

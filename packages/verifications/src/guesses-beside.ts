import type { AddressKind } from '@watchword/contracts';
import type { Core } from './core.ts';
import { type CallContext, tooLate } from './outcomes.ts';
import { openAddressesOrWait } from './read-state.ts';
import { countGuessScript, type judgeScript, uncountGuessScript } from './scripts.ts';
import { kindsOfLetters, lettersOf } from './send-plans.ts';
import { locate, shardKeys } from './shards.ts';

type JudgeReply = Awaited<ReturnType<typeof judgeScript>>;
type Judgement = JudgeReply[0];
type Locked = Extract<Judgement, { result: 'checks_locked' }>;

/** Where a guess was counted; null for an address that is lost. */
type Counted = Map<AddressKind, string | null>;

/**
 * A guess at a code that went to several addresses is a guess at what each of them guards, so it counts for each, as if that were
 * alone. No two shards can be in one script: the others count it before it is judged, as wrong, and get it back when it was
 * not. So guesses that race exceed no lock. Whoever dies in between leaves it counted, which errs on the side of the address.
 */
export function createGuessesBeside({ redis, clock, keys, sealer }: Pick<Core, 'redis' | 'clock' | 'keys' | 'sealer'>) {
  /** Judges by `judge`, which is told the kinds of address that have counted the guess, and asks for those that have not. */
  async function judgeCounted(
    id: string,
    judge: (countedFor: string) => Promise<JudgeReply>,
    streakFreeChecks: number,
    call: CallContext,
  ): Promise<JudgeReply> {
    const counted: Counted = new Map();
    for (;;) {
      const answer = await judge(lettersOf([...counted.keys()]));
      const [reply, sealed] = answer;
      if (reply.result !== 'beside') {
        await conclude(counted, reply);
        return answer;
      }
      const addresses = openAddressesOrWait(sealer, sealed, id);
      for (const kind of kindsOfLetters(reply.kinds).filter((one) => !counted.has(one))) {
        const place = addresses && locate(keys, call, reply.purpose, addresses[kind] ?? '');
        const key = place ? shardKeys(place.shard).destination(place.handle) : null;
        const locked = key === null ? undefined : await count(key, streakFreeChecks, call, counted);
        if (locked) return [locked];
        counted.set(kind, key);
      }
    }
  }

  async function count(
    destination: string,
    streakFreeChecks: number,
    { deadline }: CallContext,
    before: Counted,
  ): Promise<Locked | undefined> {
    const reply = await countGuessScript(redis, { destination }, [clock.now(), deadline, streakFreeChecks]);
    if (reply.result === 'counted') return undefined;
    await conclude(before, reply);
    if (reply.result === 'late') throw tooLate();
    return reply;
  }

  /**
   * Gives back what was no wrong check. A right guess gives back all that this verification counted, and clears the streak of an
   * address that it proves: the only one that the code may have reached.
   */
  async function conclude(counted: Counted, reply: Judgement): Promise<void> {
    const wrongBefore = 'wrong_before' in reply ? reply.wrong_before : undefined;
    if (wrongBefore !== undefined && reply.result === 'incorrect') return;
    const reached = 'reached' in reply ? reply.reached : undefined;
    const ends = [...counted].map(async ([kind, destination]) => {
      if (destination === null) return;
      const letter = lettersOf([kind]);
      const isProved = wrongBefore !== undefined && reached === letter;
      await uncountGuessScript(redis, { destination }, [isProved ? '' : 1 + (wrongBefore?.[letter] ?? 0)]);
    });
    // The guess is judged, and nobody is helped by an error: what stays counted errs on the side of the address.
    await Promise.allSettled(ends);
  }

  return { judgeCounted };
}

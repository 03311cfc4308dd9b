import type { Caller } from './caller.ts';

interface LifeCycle {
  /** Of all, in parts. */
  readonly share: number;
  readonly lead: (caller: Caller) => Promise<unknown>;
}

const WRONG_CODE = 'AAAAAAAAAA';
const BINDING = { amount: '10.00', payee: 'payee-1' };

/** Right at once, on another channel than the usual one. */
const rightBy = (channel: string, addressOf: (addresses: Caller['addresses']) => string, share: number): LifeCycle => ({
  share,
  async lead(caller) {
    const to = addressOf(caller.addresses);
    await caller.open({ to, channel });
    await caller.check(await caller.code(1, to));
  },
});

/** How verifications are led to each of their ends. */
const LIFE_CYCLES: Readonly<Record<string, LifeCycle>> = {
  right_at_once: {
    share: 6,
    async lead(caller) {
      await caller.open();
      await caller.check(await caller.code());
    },
  },
  right_by_destination: {
    share: 2,
    async lead(caller) {
      await caller.open();
      await caller.checkByDestination(await caller.code());
    },
  },
  wrong_then_right: {
    share: 3,
    async lead(caller) {
      await caller.open();
      const code = await caller.code();
      await caller.check(WRONG_CODE);
      await caller.check(code);
    },
  },
  exhausted: {
    share: 2,
    async lead(caller) {
      await caller.open();
      const code = await caller.code();
      for (const guess of [WRONG_CODE, WRONG_CODE, WRONG_CODE, code]) await caller.check(guess);
    },
  },
  canceled: {
    share: 2,
    async lead(caller) {
      await caller.open();
      await caller.think();
      await caller.cancel();
      await caller.cancel();
    },
  },
  /** Some of these before a worker has sent the message. */
  canceled_at_once: {
    share: 1,
    async lead(caller) {
      await caller.open();
      await caller.cancel();
    },
  },
  resent_then_old_code: {
    share: 2,
    async lead(caller) {
      await caller.open();
      const old = await caller.code();
      await caller.resend();
      await caller.code(2);
      await caller.check(old);
    },
  },
  resent_then_new_code: {
    share: 2,
    async lead(caller) {
      await caller.open();
      await caller.code();
      await caller.resend();
      await caller.check(await caller.code(2));
    },
  },
  other_binding_then_right: {
    share: 2,
    async lead(caller) {
      await caller.open({ binding: BINDING });
      const code = await caller.code();
      await caller.check(code, { binding: { ...BINDING, amount: '99.00' } });
      await caller.check(code, { binding: BINDING });
    },
  },
  repeated: {
    share: 2,
    async lead(caller) {
      await caller.twice(() => caller.open());
      const code = await caller.code();
      await caller.twice(() => caller.check(code));
    },
  },
  by_email: rightBy('email', ({ email }) => email, 2),
  by_push: rightBy('push', ({ deviceToken }) => deviceToken, 1),
  by_whatsapp: rightBy('whatsapp', ({ phone }) => phone, 2),
  by_voice: rightBy('voice', ({ phone }) => phone, 1),
  /** The code is the same on both; the user reads the mail. */
  at_once: {
    share: 1,
    async lead(caller) {
      const { phone, email } = caller.addresses;
      await caller.open({ to: { phone, email }, channels: ['sms', 'email'] });
      await caller.checkByDestination(await caller.code(1, email));
    },
  },
  /** Its first step is enough: the relay takes the mail. */
  in_turn: {
    share: 1,
    async lead(caller) {
      const { phone, email } = caller.addresses;
      await caller.open({ to: { phone, email }, workflow: [{ channel: 'email', timeout_s: 5 }, { channel: 'sms' }] });
      await caller.check(await caller.code(1, email));
    },
  },
  left_to_expire: {
    share: 3,
    lead: (caller) => caller.open(),
  },
};

/** Each as often as its share says. */
const LOTS = Object.entries(LIFE_CYCLES).flatMap(([name, { share, lead }]) =>
  Array.from({ length: share }, () => ({ name, lead })),
);

/** `draw`: from 0 to 1. */
export function chooseLifeCycle(draw: number): { readonly name: string } & Pick<LifeCycle, 'lead'> {
  return LOTS[Math.floor(draw * LOTS.length)] as (typeof LOTS)[number];
}

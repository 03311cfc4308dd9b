import type { Counted } from '@watchword/delivery';
import type { ReceiptResult } from '@watchword/verifications';
import { expect, test } from 'vitest';
import { createApplyReceipt } from './apply-receipt.ts';

const ACCOUNT = { name: 'wati', mode: 'test', channel: 'whatsapp' } as const;
const RECEIPT = { mode: 'test', circuit: 'wati~test', status: 'undelivered', health: 'unhealthy' } as const;
const OPENED = { from: 'closed', to: 'open', reason: 'failure_rate', ms: 10 } as const;

async function observedAfter(result: ReceiptResult, counted: Counted = 'counted') {
  const told: unknown[] = [];
  const applyReceipt = createApplyReceipt({
    receipts: {
      async receive({ attemptId, provider, status }) {
        told.push([attemptId, provider, status]);
        return result;
      },
    },
    circuit: {
      async observe(...observed) {
        told.push(observed);
        return counted;
      },
    },
    observer: { circuitMoved: (account, { to }) => told.push([account, to]) },
  });
  await applyReceipt(ACCOUNT, 'att_1', RECEIPT);
  return told;
}

const received = ['att_1', 'wati', 'undelivered'];
const observed = ['wati~test', 'unhealthy', 'att_1'];

test.each(['applied', 'parked'] as const)('a receipt that was %s says something of its account', async (result) => {
  expect(await observedAfter(result)).toEqual([received, observed]);
});

test.each(['duplicate', 'unmatched'] as const)('one that is %s says nothing of it', async (result) => {
  expect(await observedAfter(result)).toEqual([received]);
});

test('a circuit that it moves is told of', async () => {
  expect(await observedAfter('applied', OPENED)).toEqual([received, observed, [ACCOUNT, 'open']]);
});

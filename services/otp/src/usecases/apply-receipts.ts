import {
  type Channel,
  type Mode,
  RECEIPT_PROVIDERS,
  type ReceiptAnswer,
  type ReceiptCall,
  type ReceiptProvider,
} from '@watchword/contracts';
import {
  channelOfCircuit,
  type IncomingReceipt,
  kindOf,
  type ReadCall,
  type ReadReceipt,
  type ReadReceiptCall,
  receiptPath,
  type Transition,
} from '@watchword/delivery';
import { AppError, type Logger } from '@watchword/platform';
import type { ReceiptResult } from '@watchword/verifications';
import { type NamedByUrl, readReference } from '../domain/receipt-reference.ts';
import type { ProviderHealth, ReceiptStore, SentMessages } from '../ports.ts';

/** Reads a call with the accounts of this project, and with nobody else's. */
export type ReadProjectCall = (
  provider: ReceiptProvider,
  project: string,
  call: IncomingReceipt,
  namesAttempt: boolean,
) => Promise<ReadCall | null>;

export interface ApplyReceiptsDeps {
  readonly receipts: ReceiptStore;
  readonly messages: SentMessages;
  /** With the platform's own accounts. */
  readonly readers: Readonly<Record<ReceiptProvider, ReadReceiptCall>>;
  readonly readProjectCall: ReadProjectCall;
  /** Public base URL of the gateway; without it a signature over the URL is never right. */
  readonly receiptsUrl: string | undefined;
  readonly health: ProviderHealth;
  /** Status is `none` for a call that no account signed. */
  readonly onReceipt: (
    provider: ReceiptProvider,
    status: ReadReceipt['status'] | 'none',
    result: ReceiptResult,
  ) => void;
  /** A receipt moved its account's circuit. */
  readonly onTransition: (circuit: CircuitOf, transition: Transition) => void;
  readonly logger: Logger;
}

/** Whose circuit: an account's, for one of its channels. */
export interface CircuitOf {
  readonly provider: ReceiptProvider;
  readonly mode: Mode;
  readonly channel: Channel;
}

/** Of one call: as many as Meta tells of in one. */
const RECEIPTS_MAX = 1_000;

/** A call that one of the accounts signed; `project` is undefined when it was one of the platform's own. */
interface GenuineCall {
  readonly read: ReadCall;
  readonly project: string | undefined;
}

/**
 * Takes a provider's later word on its attempts. A made-up attempt costs one AES block. Whoever holds a secret of the platform's
 * own accounts may speak of any attempt, so those are tried first, without a question to Redis; then those of the attempt's own
 * project. Fails closed: what none of them signed is `invalid_signature`, and so is a call that speaks only of what is not its
 * account's; neither changes anything. A repeat does no harm, so a call that was carried out in part may come again.
 */
export function createApplyReceipts(deps: ApplyReceiptsDeps) {
  const { receipts, readers, readProjectCall, receiptsUrl, onReceipt, logger } = deps;
  const applyOne = createApplyOne(deps);

  async function projectOf(named: NamedByUrl): Promise<string | null> {
    return named.kind === 'attempt' ? receipts.projectOf(named.attemptId) : (named.project ?? null);
  }

  async function readCall(
    provider: ReceiptProvider,
    named: NamedByUrl,
    call: IncomingReceipt,
  ): Promise<GenuineCall | null> {
    const isOfProject = named.kind === 'account' && named.project !== undefined;
    const ofPlatform = isOfProject ? null : readers[provider](call);
    if (ofPlatform !== null) return { read: ofPlatform, project: undefined };
    const project = await projectOf(named);
    // Of a verification that Redis has forgotten nobody knows the project: its receipt is nobody's.
    if (project === null) return null;
    const read = await readProjectCall(provider, project, call, named.kind === 'attempt');
    return read && { read, project };
  }

  return async function applyReceipts(name: string, reference: string, call: ReceiptCall): Promise<ReceiptAnswer> {
    const provider = RECEIPT_PROVIDERS.find((known) => known === name);
    const named = readReference(reference);
    const isMadeUp = named?.kind === 'attempt' && !receipts.isOurs(named.attemptId);
    if (provider === undefined || named === undefined || isMadeUp) {
      throw new AppError('not_found', { detail: 'Nothing has this receipt URL.' });
    }
    const query = call.query === '' ? '' : `?${call.query}`;
    const url = receiptsUrl === undefined ? null : receiptsUrl + receiptPath(provider, reference) + query;
    const genuine = await readCall(provider, named, {
      ...call,
      reference,
      url,
      body: Buffer.from(call.body, 'base64'),
    });
    if (genuine === null) {
      onReceipt(provider, 'none', 'forged');
      throw new AppError('invalid_signature');
    }
    const { read, project } = genuine;
    if (read.kind === 'challenge') return { challenge: read.echo };
    const taken = read.receipts.slice(0, RECEIPTS_MAX);
    const dropped = read.receipts.length - taken.length;
    // Refused as a whole, it would be repeated as a whole.
    if (dropped > 0)
      logger.warn({ provider, project, dropped }, 'a call told of too many messages; the rest is ignored');
    // Each is carried out, whatever becomes of the others.
    const results = await Promise.all(taken.map((receipt) => applyOne(provider, receipt, named, project)));
    if (results.length > 0 && results.every((result) => result === 'forged')) throw new AppError('invalid_signature');
    return { results };
  };
}

function createApplyOne(deps: ApplyReceiptsDeps) {
  const { receipts, messages, health, onReceipt, onTransition, logger } = deps;

  async function tellHealth(provider: ReceiptProvider, receipt: ReadReceipt, attemptId: string): Promise<void> {
    const { mode, circuit, health: shown } = receipt;
    try {
      const seen = await health.observe(circuit, shown, attemptId);
      if (typeof seen === 'string') return;
      const channel = channelOfCircuit(circuit, kindOf(provider).channels[0]);
      onTransition({ provider, mode, channel }, seen);
      logger.warn({ provider, mode, channel, circuit, ...seen }, 'receipts moved a circuit');
    } catch (error) {
      // The receipt itself is recorded; a provider asked to repeat it would only hear that it is a duplicate.
      logger.warn({ err: error, provider }, 'what a receipt says of its provider could not be recorded');
    }
  }

  /** Whether an account may speak of an attempt: of the one its URL names, and a project's of its project's only. */
  async function isForeign(attemptId: string, named: NamedByUrl, project: string | undefined): Promise<boolean> {
    if (named.kind === 'attempt') return attemptId !== named.attemptId;
    if (project === undefined || !receipts.isOurs(attemptId)) return false;
    const owner = await receipts.projectOf(attemptId);
    return owner !== null && owner !== project;
  }

  /** Null for a message whose attempt is not known yet: the map keeps what is said of it until it is. */
  async function attemptOf({ of, ...receipt }: ReadReceipt): Promise<string | null> {
    return 'attemptId' in of ? of.attemptId : messages.takeOrPark({ ...receipt, of });
  }

  return async function applyOne(
    provider: ReceiptProvider,
    receipt: ReadReceipt,
    named: NamedByUrl,
    project: string | undefined,
  ): Promise<ReceiptResult> {
    const attemptId = await attemptOf(receipt);
    if (attemptId === null) {
      // Whoever learns the attempt tells of the health with it; here it would count a second time, or for nobody's message.
      onReceipt(provider, receipt.status, 'parked');
      return 'parked';
    }
    const result = await resultOf(attemptId, provider, receipt, named, project);
    onReceipt(provider, receipt.status, result);
    if (result === 'applied' || result === 'parked') await tellHealth(provider, receipt, attemptId);
    return result;
  };

  async function resultOf(
    attemptId: string,
    provider: ReceiptProvider,
    { mode, status, providerCode }: ReadReceipt,
    named: NamedByUrl,
    project: string | undefined,
  ): Promise<ReceiptResult> {
    if (await isForeign(attemptId, named, project)) return 'forged';
    const told = providerCode === undefined ? {} : { providerCode };
    return receipts.receive({ attemptId, provider, mode, status, ...told });
  }
}

export type ApplyReceipts = ReturnType<typeof createApplyReceipts>;

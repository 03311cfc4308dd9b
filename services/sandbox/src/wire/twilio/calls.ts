import { randomBytes } from 'node:crypto';
import { findSpokenCode } from '../../domain/code.ts';
import { normalisePhoneNumber } from '../../domain/phone-number.ts';
import type { Carrier } from '../carrier.ts';
import { basicCredentials } from '../credentials.ts';
import { listField, textField } from '../fields.ts';
import { createCallReceipts } from './call-receipt.ts';
import { refuse, refused, twilioTime } from './problem.ts';
import { readSpeech } from './twiml.ts';

const TWIML_MAX_CHARACTERS = 4_000;

/**
 * Twilio's Programmable Voice (API version 2010-04-01): a call that is answered at once, hears the whole `Twiml` and ends. The
 * resource's fields are those of `CallResource` in the official SDK 6.2.0.
 */
export const twilioCallsCarrier: Carrier = {
  provider: 'twilio',
  channelOf: () => 'voice',
  refuse,

  read({ authorization, fields, params }) {
    const credentials = basicCredentials(authorization);
    if (credentials === undefined) return refused(401, 20003, 'Authenticate');
    const written = textField(fields, 'To');
    const from = textField(fields, 'From');
    const twiml = textField(fields, 'Twiml');
    if (written === undefined) return refused(400, 21201, "No 'To' number is specified");
    if (from === undefined) return refused(400, 21213, "No 'From' number is specified");
    const to = normalisePhoneNumber(written);
    if (to === undefined)
      return refused(400, 21211, `The phone number you are attempting to call, ${written}, is not valid.`);
    // A page of instructions elsewhere is nothing that the sandbox would fetch.
    if (twiml === undefined) return refused(400, 21205, 'Twiml is required.');
    if (twiml.length > TWIML_MAX_CHARACTERS) return refused(400, 21218, 'Twiml must be less than 4000 characters.');
    const text = readSpeech(twiml);
    if (text === undefined) return refused(400, 12100, 'Document parse failure');
    const call = { id: `CA${randomBytes(16).toString('hex')}`, account: params.account ?? '', to, from };
    const url = textField(fields, 'StatusCallback');
    const events = listField(fields, 'StatusCallbackEvent').flatMap((event) => String(event).split(' '));
    return {
      taken: true,
      id: call.id,
      to,
      text,
      code: findSpokenCode(text),
      answer: (at) => ({ status: 201, body: callResource(call, at) }),
      callback:
        url === undefined
          ? undefined
          : {
              url,
              tells: ['sent', 'delivered', 'undelivered'],
              write: createCallReceipts({ ...call, url, token: credentials.password, events }),
            },
    };
  },
};

interface TwilioCall {
  readonly id: string;
  readonly account: string;
  readonly to: string;
  readonly from: string;
}

function callResource({ id, account, to, from }: TwilioCall, at: number): object {
  const uri = `/2010-04-01/Accounts/${account}/Calls/${id}`;
  const parts = ['events', 'notifications', 'payments', 'recordings', 'siprec', 'streams', 'transcriptions'];
  return {
    account_sid: account,
    annotation: null,
    answered_by: null,
    api_version: '2010-04-01',
    caller_name: null,
    date_created: twilioTime(at),
    date_updated: twilioTime(at),
    direction: 'outbound-api',
    duration: null,
    end_time: null,
    forwarded_from: null,
    from,
    from_formatted: from,
    group_sid: null,
    parent_call_sid: null,
    phone_number_sid: null,
    price: null,
    price_unit: 'USD',
    queue_time: '0',
    sid: id,
    start_time: null,
    status: 'queued',
    subresource_uris: Object.fromEntries(parts.map((part) => [part, `${uri}/${part}.json`])),
    to,
    to_formatted: to,
    trunk_sid: null,
    uri: `${uri}.json`,
  };
}

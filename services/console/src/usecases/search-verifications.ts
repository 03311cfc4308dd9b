import type { SearchVerificationsQuery, VerificationPage } from '@watchword/contracts';
import type { BlindIndex, RecordsSearch } from '@watchword/records';
import { openAddresses, type Sealer } from '@watchword/verifications';
import { ADDRESS_FORM, addressKindOf, readAddress } from '@watchword/verifications/addresses';
import { toFoundVerification } from '../domain/found-verification.ts';
import { canonicalPurpose } from '../domain/purpose.ts';
import { refuseField } from '../domain/refusals.ts';
import type { SearchCursors, SearchTerms } from '../domain/search-cursor.ts';

export interface SearchVerificationsDeps {
  readonly records: Pick<RecordsSearch, 'searchVerifications'>;
  readonly blindIndex: Pick<BlindIndex, 'all' | 'allOfUser'>;
  readonly sealer: Pick<Sealer, 'unseal'>;
  readonly cursors: SearchCursors;
}

export function createSearchVerifications({ records, blindIndex, sealer, cursors }: SearchVerificationsDeps) {
  /** A page of a project's recorded verifications, newest first. It may be short, or empty, and still have a `next_cursor`. */
  return async function searchVerifications(
    { limit, cursor, ...query }: SearchVerificationsQuery,
    project: string,
  ): Promise<VerificationPage> {
    const purpose = query.purpose && canonicalPurpose(query.purpose);
    const destination = query.destination && canonicalDestination(query.destination);
    const { status, channel, country, provider, user_id: user, from, to } = query;
    const terms: SearchTerms = [project, status, channel, country, purpose, provider, destination, user, from, to];
    const after = cursor === undefined ? null : cursors.decode(cursor, terms);
    const digestsOf = (indexed: { digest: Buffer }[]) => indexed.map(({ digest }) => digest);
    const page = await records.searchVerifications(
      {
        project,
        status,
        channel,
        country,
        provider,
        purpose,
        from,
        to,
        destination: destination === undefined ? undefined : digestsOf(blindIndex.all(destination)),
        user: user === undefined ? undefined : digestsOf(blindIndex.allOfUser(project, user)),
      },
      after,
      limit,
    );
    return {
      items: page.items.map((document) =>
        toFoundVerification(document, openAddresses(sealer, document.destination, document.id)),
      ),
      next_cursor: page.next && cursors.encode(page.next, terms),
    };
  };
}

/** As it was indexed. */
function canonicalDestination(text: string): string {
  const kind = addressKindOf(text);
  const address = LOCAL_NUMBER.test(text) ? undefined : readAddress(kind, text);
  if (address !== undefined) return address;
  const { phone, email, device_token } = ADDRESS_FORM;
  const form = kind === 'device_token' ? [phone, email, device_token].join('; or it ') : ADDRESS_FORM[kind];
  throw refuseField('invalid_request', '/destination', form);
}

/** A number without its country is a guess, and no device token looks like one. */
const LOCAL_NUMBER = /^[\d ()./-]*$/;

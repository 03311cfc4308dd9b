import type { SearchVerificationsQuery, VerificationPage } from '@watchword/contracts';
import type { BlindIndex, RecordsSearch } from '@watchword/records';
import { type Sealer, unsealIfHeld } from '@watchword/verifications';
import { PHONE_NUMBER_FORM, readPhoneNumber } from '@watchword/verifications/phone-number';
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
        toFoundVerification(document, unsealIfHeld(sealer, document.destination, document.id, 'destination')),
      ),
      next_cursor: page.next && cursors.encode(page.next, terms),
    };
  };
}

/** As it was indexed: a number in its one spelling, an address as it is. */
function canonicalDestination(text: string): string {
  const destination = text.includes('@') ? text : readPhoneNumber(text)?.e164;
  if (destination !== undefined) return destination;
  throw refuseField('invalid_request', '/destination', `${PHONE_NUMBER_FORM}, or an e-mail address`);
}

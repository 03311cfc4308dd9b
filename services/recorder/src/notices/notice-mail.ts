import type { ClaimedNotice } from './notice-board.ts';

/** What admins read. It names nobody: a number of its own would only be masked anyway. */
export function noticeMailOf({ project, live, test, since, channels }: ClaimedNotice) {
  const count = live + test;
  const codes = count === 1 ? '1 code' : `${count} codes`;
  const tried = channels.length === 0 ? '' : ` over ${channels.join(', ')}`;
  const sandbox =
    test === 0 ? '' : test === count ? ' All of them with test keys.' : ` ${test} of them with test keys.`;
  const text = [
    `Since ${new Date(since).toISOString()}, ${codes} of the project "${project}" could not be delivered${tried}: no provider took them, or all said later that they did not arrive.${sandbox}`,
    '',
    'Their verifications say `undeliverable`, and their timelines which provider said what:',
    'GET /v1/verifications/{id}/timeline. `watchword_circuit_state` shows the providers that are out.',
    'A code that reached its user after all still verifies.',
    '',
    'While this goes on, another mail follows in ten minutes at the earliest.',
    '',
  ].join('\n');
  return { subject: `Watchword: ${codes} of project ${project} could not be delivered`, text };
}

import { createHash } from 'node:crypto';
import {
  answersSchema,
  type BatchedAnswer,
  type BatchedCall,
  HOP_PATH,
  HOP_SIGNATURE_HEADER,
} from '@watchword/contracts';
import { createSandboxTokens } from '@watchword/delivery';
import { createHopSigner, Secret } from '@watchword/platform';

/** The same for all suites on one Redis, which remembers the keys it was first used with. */
export const keyOf = (name: string) => createHash('sha256').update(`watchword test ${name}`).digest('base64url');
export const testKeys = Object.fromEntries(
  ['PEPPER', 'SEAL_KEY', 'ID_KEY', 'HOP_KEY', 'TOKEN_KEY'].map((name) => [name, keyOf(name)]),
);
/** What an account at the sandbox signs with: `platform`'s, or that of a project's provider. */
export const sandboxTokenOf = (account: string) =>
  createSandboxTokens(new Secret(Buffer.from(keyOf('ID_KEY'), 'base64url')))(account).reveal();
export const sign = createHopSigner(new Secret(Buffer.from(keyOf('HOP_KEY'), 'base64url')));

export function postBatch(url: string | null | undefined, batch: string, signature = sign(batch)): Promise<Response> {
  const headers = { 'content-type': 'application/json', [HOP_SIGNATURE_HEADER]: signature };
  return fetch(url + HOP_PATH, { method: 'POST', headers, body: batch });
}

export function toCall(changes: Partial<BatchedCall>): BatchedCall {
  const scopes: BatchedCall['scopes'] = [];
  const caller = { project: 'p-hop', mode: 'test', key: '', scopes, epoch: 0 } as const;
  const call = { requestId: 'request-1', operation: '', method: 'POST', path: '/v1/verifications', body: '' } as const;
  return { ...caller, ...call, deadline: Date.now() + 5_000, ...changes };
}

/** Makes the calls in one signed batch, as the gateway does; their answers by position. */
export async function callHop(url: string | null | undefined, calls: Partial<BatchedCall>[]) {
  const response = await postBatch(url, JSON.stringify(calls.map(toCall)));
  const lines = (await response.text()).trimEnd().split('\n');
  const answers: (Omit<BatchedAnswer, 'body'> & { body: Record<string, unknown> })[] = [];
  for (const answer of lines.flatMap((line) => answersSchema.parse(JSON.parse(line)))) {
    answers[answer.call] = { ...answer, body: JSON.parse(answer.body) };
  }
  return answers;
}

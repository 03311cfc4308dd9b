import type { LimitName, LimitState } from '../ports.ts';

const POLICY_NAMES: Readonly<Record<LimitName, string>> = {
  project_sends: 'sends',
  user_sends: 'user_sends',
  ip_sends: 'ip_sends',
  monthly_sends: 'quota',
};

/** Structured fields of draft-ietf-httpapi-ratelimit-headers: a member for each limit that the call falls under. */
export function rateLimitHeaders(limits: readonly LimitState[]): Record<string, string> {
  const policies = limits.map(({ name, max, windowSeconds }) => `"${POLICY_NAMES[name]}";q=${max};w=${windowSeconds}`);
  const states = limits.map(
    ({ name, remaining, resetSeconds }) => `"${POLICY_NAMES[name]}";r=${remaining};t=${resetSeconds}`,
  );
  return { 'ratelimit-policy': policies.join(', '), ratelimit: states.join(', ') };
}

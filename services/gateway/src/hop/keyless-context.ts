import type { HopContext } from '@watchword/platform';

/** For a call that nobody's key stands behind. */
export function keylessContext(requestId: string, deadline: number, project = '-'): HopContext {
  return { requestId, project, mode: 'test', key: '', scopes: [], epoch: 0, operation: '', deadline };
}

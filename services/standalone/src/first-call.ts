import { randomInt } from 'node:crypto';
import type { StandaloneFile } from '@watchword/platform';

/** The ready line and, when the whole path runs here, a pair of calls to paste. */
export function describeStandalone({ gateway, sandbox, apiKey, metrics }: StandaloneFile): string {
  const parts = [
    gateway === null ? [] : [`gateway ${gateway} (API at ${gateway}/docs)`],
    sandbox === null ? [] : [`inbox ${sandbox}`],
  ].flat();
  const ready = `ready: ${parts.join(', ') || Object.keys(metrics).join(', ')}`;
  if (gateway === null || sandbox === null) return ready;
  return `${ready}\n\n${firstCall(gateway, sandbox, apiKey)}\n`;
}

/** Numbers 555-0100 to 555-0199 are set aside for fiction (NANP); another one each start, so that no pacing is in the way. */
function firstCall(gateway: string, sandbox: string, apiKey: string): string {
  const to = `+14155550${randomInt(100, 200)}`;
  const headers = `-H 'authorization: Bearer ${apiKey}' -H 'content-type: application/json'`;
  const inbox = `${sandbox}/api/messages?wait_s=10&to=${encodeURIComponent(to)}`;
  const code = `$(curl -s '${inbox}' | grep -o '"code":"[^"]*' | head -1 | cut -d'"' -f4)`;
  return [
    'Send a code, then check it with what arrived in the inbox (Ctrl-C ends everything):',
    '',
    `curl -s ${gateway}/v1/verifications ${headers} -d '{"to":"${to}"}'; echo`,
    `curl -s ${gateway}/v1/verifications/check ${headers} -d '{"to":"${to}","code":"'"${code}"'"}'; echo`,
  ].join('\n');
}

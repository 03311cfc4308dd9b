import { lookup } from 'node:dns/promises';

/** As the machine's own resolver has it: its `hosts` file counts, since connections go by it as well. */
export async function resolveHost(hostname: string): Promise<string[]> {
  const found = await lookup(hostname, { all: true });
  return found.map(({ address }) => address);
}

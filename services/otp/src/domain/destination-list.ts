/** Destinations, each as a whole or by a prefix. */
export interface DestinationList {
  has(destination: string): boolean;
}

/**
 * Entries are whole destinations, or prefixes that end in `*`: `+14155550123`, `+4479*`, `name@example.com`. However many, a
 * look-up is quick.
 */
export function createDestinationList(entries: readonly string[]): DestinationList {
  const spelled = entries.map(spellingOf);
  const whole = new Set(spelled.filter((entry) => !entry.endsWith('*')));
  const prefixes = new Set(spelled.filter((entry) => entry.endsWith('*')).map((entry) => entry.slice(0, -1)));
  const lengths = [...new Set([...prefixes].map(({ length }) => length))];
  return {
    has: (destination) =>
      whole.has(destination) || lengths.some((length) => prefixes.has(destination.slice(0, length))),
  };
}

/** E-mail addresses come here in lower case. */
const spellingOf = (entry: string) => (entry.includes('@') ? entry.toLowerCase() : entry);

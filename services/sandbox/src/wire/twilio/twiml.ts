const SAY = /<Say\b[^>]*>([\s\S]*?)<\/Say>/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

/** What a caller hears of a TwiML document: the texts of its `<Say>` verbs, one line each. Undefined when it is none. */
export function readSpeech(twiml: string): string | undefined {
  if (!/<Response[\s>]/.test(twiml) || !/<\/Response>\s*$/.test(twiml)) return undefined;
  return [...twiml.matchAll(SAY)]
    .map(([, content]) =>
      decodeEntities((content ?? '').replace(/<[^>]*>/g, ' '))
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '')
    .join('\n');
}

/** Once, so that `&amp;lt;` stays `&lt;`. */
function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{2,4}));/gi, (whole, decimal, hex, name: string) => {
    const point = decimal ? Number(decimal) : hex ? Number.parseInt(String(hex), 16) : undefined;
    if (point !== undefined) return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    return ENTITIES[name] ?? whole;
  });
}

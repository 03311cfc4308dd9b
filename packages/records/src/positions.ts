/**
 * Orders positions in a stream, `<ms>-<ordinal>`, as Redis does: by both numbers. They may be longer than a number is exact, so
 * the longer one is the greater one.
 */
export function comparePositions(left: string, right: string): number {
  const [leftMs = '', leftOrdinal = ''] = left.split('-');
  const [rightMs = '', rightOrdinal = ''] = right.split('-');
  return compareDigits(leftMs, rightMs) || compareDigits(leftOrdinal, rightOrdinal);
}

function compareDigits(left: string, right: string): number {
  if (left.length !== right.length) return left.length - right.length;
  return left === right ? 0 : left < right ? -1 : 1;
}

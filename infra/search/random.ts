import { randomOf } from '@watchword/testkit/random';

/** Numbers that look random and are the same for the same seed. */
export interface Random {
  /** 0 ≤ x < 1. */
  next(): number;
  /** 0 ≤ n < count, all alike. */
  below(count: number): number;
  oneOf<T>(values: readonly T[]): T;
  /** By their weights. */
  weighted<T>(entries: readonly (readonly [value: T, weight: number])[]): T;
  bytes(count: number): Buffer;
}

export function createRandom(seed: number): Random {
  const next = randomOf(seed);
  const below = (count: number) => Math.floor(next() * count);
  return {
    next,
    below,
    oneOf: <T>(values: readonly T[]) => values[below(values.length)] as T,
    weighted(entries) {
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [value, weight] of entries) {
        left -= weight;
        if (left < 0) return value;
      }
      return (entries.at(-1) as (typeof entries)[number])[0];
    },
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => below(256))),
  };
}

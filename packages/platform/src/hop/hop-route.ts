import type { BatchedCall } from '@watchword/contracts';
import type { z } from 'zod';
import type { HopContext } from './hop-signature.ts';

/** A call that was matched and validated. */
export interface ValidCall<P, B, Q> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly context: HopContext;
}

export interface HopRouteSpec<P, B, A, Q> {
  readonly method: BatchedCall['method'];
  /** A public path; its parameters with a colon. */
  readonly path: string;
  readonly params?: z.ZodType<P>;
  /** Of the text values behind the `?`; without it they are not looked at. */
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  /** What the answer's type guards; no answer is validated at run time. */
  readonly answer: z.ZodType<A>;
  /** 204 answers without a body. */
  readonly status: number;
  /** The answer's entity tag (RFC 9110 section 8.8.3), with its quotes. */
  readonly etagOf?: (answer: A) => string;
  /** SVG, in place of JSON for a caller that wants a picture. An AppError is the answer when there is none. */
  readonly pictureOf?: (answer: A) => string;
  handle(call: ValidCall<P, B, Q>): Promise<A>;
}

/** A route of any types. */
export type HopRoute = HopRouteSpec<never, never, unknown, never>;

/** Binds the types of a route to its schemas. */
export function hopRoute<P, B, A, Q>(spec: HopRouteSpec<P, B, A, Q>): HopRoute {
  return spec as unknown as HopRoute;
}

export interface MatchedRoute {
  readonly route: HopRoute;
  readonly params: Readonly<Record<string, string>>;
  /** A name that is there twice has its last value. */
  readonly query: Readonly<Record<string, string>>;
}

/** Finds a route by method and path, those without parameters first. */
export function createRouter(routes: readonly HopRoute[]) {
  const isPattern = ({ path }: HopRoute) => path.includes(':');
  const fixed = new Map(
    routes.filter((route) => !isPattern(route)).map((route) => [`${route.method} ${route.path}`, route]),
  );
  const patterns = routes
    .filter(isPattern)
    .map((route) => ({ route, pattern: new RegExp(`^${route.path.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')}$`) }));

  return function matchRoute(method: string, target: string): MatchedRoute | undefined {
    const queryAt = target.indexOf('?');
    const path = queryAt < 0 ? target : target.slice(0, queryAt);
    const query = queryAt < 0 ? {} : Object.fromEntries(new URLSearchParams(target.slice(queryAt + 1)));
    const found = fixed.get(`${method} ${path}`);
    if (found !== undefined) return { route: found, params: {}, query };
    for (const { route, pattern } of patterns) {
      const groups = route.method === method ? pattern.exec(path)?.groups : undefined;
      if (groups === undefined) continue;
      const params = Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)] as const);
      return { route, params: Object.fromEntries<string>(params), query };
    }
    return undefined;
  };
}

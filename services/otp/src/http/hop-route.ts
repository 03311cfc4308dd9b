import type { BatchedCall } from '@watchword/contracts';
import type { HopContext } from '@watchword/platform';
import type { z } from 'zod';

/** A call that was matched and validated. */
export interface ValidCall<P, B> {
  readonly params: P;
  readonly body: B;
  readonly context: HopContext;
}

export interface HopRouteSpec<P, B, A> {
  readonly method: BatchedCall['method'];
  /** A public path; its parameters with a colon. */
  readonly path: string;
  readonly params?: z.ZodType<P>;
  readonly body?: z.ZodType<B>;
  /** What the answer's type guards; no answer is validated at run time. */
  readonly answer: z.ZodType<A>;
  readonly status: number;
  handle(call: ValidCall<P, B>): Promise<A>;
}

/** A route of any types. */
export type HopRoute = HopRouteSpec<never, never, unknown>;

/** Binds the types of a route to its schemas. */
export function hopRoute<P, B, A>(spec: HopRouteSpec<P, B, A>): HopRoute {
  return spec as unknown as HopRoute;
}

export interface MatchedRoute {
  readonly route: HopRoute;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds a route by method and path, those without parameters first. */
export function createRouter(routes: readonly HopRoute[]) {
  const isPattern = ({ path }: HopRoute) => path.includes(':');
  const fixed = new Map(
    routes
      .filter((route) => !isPattern(route))
      .map((route) => [`${route.method} ${route.path}`, { route, params: {} }]),
  );
  const patterns = routes
    .filter(isPattern)
    .map((route) => ({ route, pattern: new RegExp(`^${route.path.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')}$`) }));

  return function matchRoute(method: string, path: string): MatchedRoute | undefined {
    const found = fixed.get(`${method} ${path}`);
    if (found !== undefined) return found;
    for (const { route, pattern } of patterns) {
      const groups = route.method === method ? pattern.exec(path)?.groups : undefined;
      if (groups === undefined) continue;
      const params = Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)] as const);
      return { route, params: Object.fromEntries<string>(params) };
    }
    return undefined;
  };
}

import type { ManagedCall } from '@watchword/contracts';
import { AppError, type HopContext, type HopRoute, hopRoute } from '@watchword/platform';
import { RecordsUnavailable } from '@watchword/records';
import type { z } from 'zod';
import { entityTagOf } from '../domain/entity-tag.ts';

type Output<T> = T extends z.ZodType ? z.output<T> : undefined;

type CallOf<C extends ManagedCall> = {
  readonly params: C extends { readonly params: infer P } ? Output<P> : undefined;
  readonly query: C extends { readonly query: infer Q } ? Output<Q> : undefined;
  readonly body: C extends { readonly body: infer B } ? Output<B> : undefined;
  readonly context: HopContext;
};

/** One handler for each call, by its operation. */
export type HandlersOf<C extends readonly ManagedCall[]> = {
  readonly [Id in C[number]['operationId']]: (
    call: CallOf<Extract<C[number], { readonly operationId: Id }>>,
  ) => Promise<z.output<Extract<C[number], { readonly operationId: Id }>['answer']>>;
};

type AnyHandler = (call: CallOf<ManagedCall>) => Promise<unknown>;

/** Draws the answers of those calls that have a picture. */
type PicturesOf<C extends readonly ManagedCall[]> = {
  readonly [Call in Extract<C[number], { readonly hasPicture: true }> as Call['operationId']]: (
    answer: z.output<Call['answer']>,
  ) => string;
};

/** Makes routes of the calls' declarations. An answer that has a version gets it as its `ETag`. */
export function bindCalls<const C extends readonly ManagedCall[]>(
  calls: C,
  handlers: HandlersOf<C>,
  ...[pictures]: keyof PicturesOf<C> extends never ? [] : [pictures: PicturesOf<C>]
): HopRoute[] {
  const pictureOf = (pictures ?? {}) as Readonly<Record<string, (answer: unknown) => string>>;
  const byOperation = handlers as Readonly<Record<string, AnyHandler>>;
  return calls.map((call) => {
    const handle = byOperation[call.operationId];
    if (handle === undefined) throw new Error(`${call.operationId} has no handler`);
    const draw = pictureOf[call.operationId];
    return hopRoute<unknown, unknown, unknown, unknown>({
      method: call.method,
      path: call.path,
      status: call.status,
      answer: call.answer,
      ...(call.params === undefined ? {} : { params: call.params }),
      ...(call.query === undefined ? {} : { query: call.query }),
      ...(call.body === undefined ? {} : { body: call.body }),
      ...(isVersioned(call.answer) ? { etagOf: (answer) => entityTagOf(answer as { version: number }) } : {}),
      ...(draw === undefined ? {} : { pictureOf: draw }),
      handle: (given) => handle(given as CallOf<ManagedCall>).catch(explainRecords),
    });
  });
}

const isVersioned = (answer: z.ZodType) => 'shape' in answer && 'version' in (answer.shape as object);

/** A change says itself what it has done so far. */
function explainRecords(error: unknown): never {
  if (!(error instanceof RecordsUnavailable)) throw error;
  throw new AppError('unavailable', { detail: 'The database does not answer: nothing was changed.', cause: error });
}

/** Throws for a call that the API has and no route answers. */
export function requireEveryCall(calls: readonly ManagedCall[], routes: readonly HopRoute[]): void {
  const bound = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  const missing = calls.filter(({ method, path }) => !bound.has(`${method} ${path}`));
  if (missing.length > 0) throw new Error(`No handler for ${missing.map((call) => call.operationId).join(', ')}`);
}

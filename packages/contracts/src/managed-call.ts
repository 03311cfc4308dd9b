import type { z } from 'zod';
import type { ErrorCode } from './errors.ts';
import type { Scope } from './scopes.ts';

/**
 * One call of the console's API, declared once: the gateway makes its public route and its documentation from it, the
 * console its handler. The gateway checks key and scope, the console all else.
 */
export interface ManagedCall {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Parameters with a colon. */
  readonly path: string;
  readonly scope: Scope;
  /** Will do as well. */
  readonly orScope?: Scope;
  readonly params?: z.ZodObject;
  /** Of text values; unknown names are refused. */
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly status: 200 | 201 | 202 | 204;
  readonly answer: z.ZodType;
  /** It is a picture, too, for those whose `Accept` names `PICTURE_TYPE`. */
  readonly hasPicture?: boolean;
  /** Changes something that has a version, which `If-Match` must name (RFC 9110 section 13.1.1). */
  readonly needsIfMatch?: boolean;
  /** Beside those of every call. */
  readonly errors: readonly ErrorCode[];
}

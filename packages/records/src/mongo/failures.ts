import { StartupError } from '@watchword/platform';
import mongoose from 'mongoose';
import { RecordsConflict, RecordsRejected, RecordsUnavailable } from '../store.ts';

/** https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml */
export const DUPLICATE_KEY = 11_000;
const REFUSED_CODES: ReadonlyMap<number, string> = new Map([
  [2, 'BadValue'],
  [9, 'FailedToParse'],
  [14, 'TypeMismatch'],
  [15, 'Overflow'],
  [52, 'DollarPrefixedFieldName'],
  [57, 'DottedFieldName'],
  [66, 'ImmutableField'],
  [121, 'DocumentValidationFailure'],
  [10_334, 'BSONObjectTooLarge'],
  [17_280, 'KeyTooLong'],
  [17_419, 'BSONObjectTooLarge'],
  [17_420, 'BSONObjectTooLarge'],
]);
const UNAUTHORIZED = 13;
const AUTHENTICATION_FAILED = 18;

/** Ours pass; the driver's become ours, by their names and codes alone: its messages may hold what is in a document. */
export function toFailure(error: unknown): Error {
  if (error instanceof RecordsRejected || error instanceof RecordsUnavailable || error instanceof StartupError)
    return error;
  const code = codeOf(error);
  if (code !== undefined) return failureOf(code);
  // Two libraries have a class of this name.
  if (error instanceof Error && error.name === 'MongoParseError') {
    return new StartupError('MONGODB_URL is no connection string, such as mongodb://host:27017/name.');
  }
  const name = error instanceof Error ? error.name : 'unknown';
  return isOfDocument(error)
    ? new RecordsRejected(`The database refused a document (${name})`)
    : new RecordsUnavailable(`The database did not serve (${name})`);
}

/** What a server's code means to us. */
export function failureOf(code: number): Error {
  if (code === DUPLICATE_KEY) return new RecordsConflict('Another document has what no two may share (DuplicateKey)');
  if (code === UNAUTHORIZED || code === AUTHENTICATION_FAILED) {
    return new StartupError('MONGODB_URL: the database refuses these credentials.');
  }
  const refused = REFUSED_CODES.get(code);
  return refused === undefined
    ? new RecordsUnavailable(`The database did not serve (code ${code})`)
    : new RecordsRejected(`The database refused a document (${refused})`);
}

/** Judged before it was sent; the first two by its size. */
function isOfDocument(error: unknown): boolean {
  const { Error: Failures, mongo } = mongoose;
  return [
    RangeError,
    mongo.MongoInvalidArgumentError,
    mongo.BSON.BSONError,
    Failures.ValidationError,
    Failures.CastError,
    Failures.StrictModeError,
  ].some((kind) => error instanceof kind);
}

export function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
}

/** A server says which index in words alone; `_id_` is what every one calls that of the ids. */
export const isOfId = (message: string): boolean => /[\s'":.$]_id_['"\s]/.test(`${message} `);

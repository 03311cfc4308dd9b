const BEARER = /^Bearer +([\x21-\x7e]{1,128})$/i;

/** The key in an `Authorization` header, of any shape. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
}

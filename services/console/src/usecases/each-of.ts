const AT_A_TIME = 8;

/** Works on all of a list, some at a time, so that a long one does not take the database from everybody else. */
export async function eachOf<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let start = 0; start < all.length; start += AT_A_TIME) {
    done.push(...(await Promise.all(all.slice(start, start + AT_A_TIME).map(work))));
  }
  return done;
}

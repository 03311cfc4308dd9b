/** Why a database of this version cannot be used as it is; undefined when it can. */
export function refusalOf(version: number, { version: newest }: { readonly version: number }): string | undefined {
  if (version === newest) return undefined;
  return version > newest
    ? `has schema ${version}, made by a newer Watchword (this one knows ${newest})`
    : `has schema ${version}, and this Watchword needs ${newest}: run \`npx watchword migrate\``;
}

export const OF_SOMETHING_ELSE = 'is a database of something else';

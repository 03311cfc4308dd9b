/** What package managers print when something is wrong, and what to do about it. The first that fits counts. */
const REMEDIES = /** @type {const} */ ([
  [/spawn npm ENOENT/, 'npm is not on PATH: install Node 20 or later together with npm.'],
  [/ended by SIG|SIGTERM|SIGINT/, 'The installation was interrupted: run it again.'],
  [/ENOSPC|no space left/i, 'The disk is full: free about 1.5 GB and run it again.'],
  [/EROFS|read-only file system/i, 'This folder is read-only: work in a writable copy.'],
  [
    /EACCES|EPERM|permission denied/i,
    'A folder cannot be written: check who owns this checkout and the home directory.',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET|ERR_PNPM_META_FETCH_FAIL|network|error sending request/i,
    'No package registry could be reached: check the network or the proxy (npm config get registry) and run it again.',
  ],
  [
    /UNABLE_TO_VERIFY|SELF_SIGNED_CERT|CERT_/,
    'The registry shows a certificate that is not trusted: set NODE_EXTRA_CA_CERTS.',
  ],
  [
    /ERR_PNPM_OUTDATED_LOCKFILE/,
    'pnpm-lock.yaml does not match a package.json: run "npx pnpm@12 install" and commit it.',
  ],
  [
    /ERR_PNPM_TARBALL_INTEGRITY|EINTEGRITY/,
    'A package is not what the lockfile names: clear the cache (npm cache clean --force).',
  ],
  [/ERR_PNPM_UNSUPPORTED_ENGINE|EBADENGINE/, 'A package does not run on this Node: install Node 20 or later.'],
]);

/**
 * What to do about a file that could not be written, if that is what the error says.
 *
 * @param {unknown} error
 */
export function explainFileError(error) {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return ['ENOSPC', 'EROFS', 'EACCES', 'EPERM'].includes(code) ? explainFailure(code) : undefined;
}

/**
 * One line that says what to do.
 *
 * @param {string} output all that npm and pnpm printed
 */
export function explainFailure(output) {
  const remedy = REMEDIES.find(([pattern]) => pattern.test(output));
  if (remedy) return remedy[1];
  const lines = output.split('\n').map((line) => line.trim());
  const complaint = lines.findLast((line) => /\bERR|error/i.test(line)) ?? lines.findLast(Boolean) ?? 'no reason given';
  return `Packages could not be installed: ${complaint}`;
}

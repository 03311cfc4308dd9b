import { accessSync, constants } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { makeFolder, ROOT } from './setup-error.mjs';

/**
 * npm tells its scripts about themselves in dozens of variables, some of which a second npm or pnpm would obey. What a
 * person sets (a registry, a proxy, a cache) stays.
 */
const NOISE =
  /^(npm_(package|lifecycle|command|execpath|node_execpath)|INIT_CWD$|npm_config_(local_prefix|global_prefix|prefix|globalconfig|init_module|node_gyp|npm_version|user_agent|noproxy)$)/i;

/**
 * The environment for all that is started from here: without npm's noise, and with a home where package managers can keep
 * their caches, since HOME may be empty, missing or read-only.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {NodeJS.ProcessEnv}
 */
export function cleanEnvironment(environment) {
  const clean = Object.fromEntries(Object.entries(environment).filter(([name]) => !NOISE.test(name)));
  if (!isWritable(clean.HOME)) {
    clean.HOME = join(ROOT, '.cache/home');
    makeFolder(clean.HOME);
  }
  return clean;
}

/** @param {string | undefined} home */
function isWritable(home) {
  if (!home || !isAbsolute(home)) return false;
  try {
    accessSync(home, constants.W_OK);
    return true;
  } catch {
    // Missing or read-only: either way it cannot hold a cache.
    return false;
  }
}

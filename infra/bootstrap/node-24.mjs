import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, SetupError } from './setup-error.mjs';

const NODE_MAJOR = 24;

/** The Node that runs everything: the one that was installed with the packages, else the running one when it will do. */
export function findNode24() {
  const installed = join(ROOT, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  if (existsSync(installed)) return installed;
  if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR) return process.execPath;
  throw new SetupError(
    `No Node ${NODE_MAJOR} comes from npm for ${process.platform} ${process.arch}: install Node ${NODE_MAJOR} and run this with it.`,
  );
}

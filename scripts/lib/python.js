import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { SetUpError } from './project.js';
import { findProgram, lastLine, run } from './run.js';
import { installHint, installSystemPackage } from './system-package.js';

/**
 * Installs one wheel where nothing else of the machine sees it, and asks it a question.
 * A virtual environment when Python can make one; Debian's python3 often cannot, then pip's --target.
 *
 * @param {object} wheel
 * @param {string} wheel.folder absolute; replaced when it is there
 * @param {string} wheel.requirement `name==version`
 * @param {string} wheel.question Python that prints the answer
 * @returns {Promise<string>} the answer
 */
export async function askWheel({ folder, requirement, question }) {
  const pythons = ['python3', '/usr/bin/python3'].filter((name) => findProgram([name]) !== undefined);
  if (pythons.length === 0) throw new SetUpError('python3 is not there: install Python 3, then run this again');
  for (const python of pythons) {
    const answer =
      (await viaVenv(python, folder, requirement, question)) ??
      (await viaTarget(python, folder, requirement, question));
    if (answer !== undefined) return answer;
  }
  const reason = await installSystemPackage({ apt: 'python3-venv', brew: ['python3'] });
  const answer =
    reason === undefined ? await viaVenv(pythons.at(-1) ?? 'python3', folder, requirement, question) : undefined;
  if (answer !== undefined) return answer;
  throw new SetUpError(`python3 can make no virtual environment: ${installHint('python3-venv', 'python3')}`);
}

/**
 * @param {string} python
 * @param {string} folder
 * @param {string} requirement
 * @param {string} question
 * @returns {Promise<string | undefined>} undefined when Python has no venv, or none that works
 */
async function viaVenv(python, folder, requirement, question) {
  rmSync(folder, { recursive: true, force: true });
  const made = await run(python, ['-m', 'venv', folder]);
  if (made.code !== 0) return undefined;
  const inside = join(folder, 'bin', 'python');
  await install(inside, requirement, []);
  return answerOf(await run(inside, ['-c', question]), requirement);
}

/**
 * @param {string} python
 * @param {string} folder
 * @param {string} requirement
 * @param {string} question
 * @returns {Promise<string | undefined>} undefined when Python has no pip either
 */
async function viaTarget(python, folder, requirement, question) {
  rmSync(folder, { recursive: true, force: true });
  const hasPip = await run(python, ['-m', 'pip', '--version']);
  if (hasPip.code !== 0) return undefined;
  await install(python, requirement, ['--target', folder]);
  return answerOf(await run(python, ['-c', question], { PYTHONPATH: folder }), requirement);
}

/**
 * @param {string} python
 * @param {string} requirement
 * @param {readonly string[]} options
 */
async function install(python, requirement, options) {
  const args = ['-m', 'pip', 'install', '--quiet', '--only-binary', ':all:', '--disable-pip-version-check'];
  const { code, output } = await run(python, [...args, ...options, requirement]);
  if (code !== 0) throw new SetUpError(`pip install ${requirement} failed: ${lastLine(output)}`);
}

/**
 * @param {import('./run.js').Outcome} outcome
 * @param {string} requirement
 */
function answerOf({ code, output }, requirement) {
  if (code !== 0) throw new SetUpError(`${requirement} does not work here: ${lastLine(output)}`);
  return output.trim();
}

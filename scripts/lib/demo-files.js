import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, SetUpError } from './project.js';
import { lastLine, run } from './run.js';

/** Secrets, logs and generated files of the demo. Nothing in it is needed anywhere else; delete it at will. */
export const demoFolder = join(root, '.demo');

/** The configuration that the demo shows. */
export const demoConfig = join(root, 'examples', 'demo', 'sallyport.yaml');

/**
 * Makes the secrets of the demo on its first run and keeps them, so that sessions outlive a restart.
 *
 * @param {string} node
 */
export async function makeSecrets(node) {
  mkdirSync(demoFolder, { recursive: true, mode: 0o700 });
  await Promise.all([
    makeOnce('keys.json', () => sallyport(node, ['keys', 'new'])),
    makeOnce('signing-keys.json', () => sallyport(node, ['issuer', 'signing-keys', 'new'])),
    makeOnce('client-secret', async () => randomBytes(32).toString('base64url')),
    makeOnce('spa-client-secret', async () => randomBytes(32).toString('base64url')),
  ]);
}

/**
 * @param {string} name
 * @param {() => Promise<string>} make
 */
async function makeOnce(name, make) {
  const path = join(demoFolder, name);
  if (!existsSync(path)) writePrivately(path, await make());
}

/**
 * The Envoy configuration of a Sallyport configuration, as `sallyport envoy` prints it.
 *
 * @param {string} node
 * @param {string} config
 * @returns {Promise<string>} the path of the file
 */
export async function writeEnvoyConfig(node, config) {
  const path = join(demoFolder, 'envoy.yaml');
  writePrivately(path, await sallyport(node, ['envoy', '--config', config]));
  return path;
}

/**
 * The demo's configuration with Redis in the place of the memory store, nothing else changed.
 *
 * @param {number} port of the Redis on this machine
 * @returns {string} the path of the file
 */
export function writeRedisConfig(port) {
  // As deep below the checkout as the original: the file names inside are relative.
  const path = join(demoFolder, 'redis', 'sallyport.yaml');
  const memory = /^store:\n {2}type: memory\n/m;
  const text = readFileSync(demoConfig, 'utf8');
  if (!memory.test(text)) throw new SetUpError(`${demoConfig} has no "store: {type: memory}" to replace`);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writePrivately(path, text.replace(memory, `store:\n  type: redis\n  url: redis://127.0.0.1:${port}\n`));
  return path;
}

/**
 * @param {string} node
 * @param {readonly string[]} args
 * @returns {Promise<string>} what it printed
 */
async function sallyport(node, args) {
  const { code, stdout, output } = await run(node, [join(root, 'src', 'main.ts'), ...args]);
  if (code !== 0) throw new SetUpError(`sallyport ${args.join(' ')} failed: ${lastLine(output)}`);
  return stdout;
}

/**
 * Whole or not at all: a half-written key file would be kept.
 *
 * @param {string} path
 * @param {string} text
 */
function writePrivately(path, text) {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

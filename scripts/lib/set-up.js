import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { installChromium } from './chromium.js';
import { envoyVersion, installEnvoy } from './envoy.js';
import { overrides } from './named-program.js';
import { findNode, installPackages } from './packages.js';
import { root } from './project.js';
import { installRedis } from './redis.js';

/** @typedef {'envoy' | 'redis' | 'chromium'} Tool */

/** What was found or installed before; read by the tests as well. Paths inside the checkout are relative to it. */
const record = join(root, '.tools', 'tools.json');

/** Part of the record: a new value makes every checkout look again. */
const recordVersion = `envoy ${envoyVersion}`;

/**
 * Makes everything ready that a script needs; what is there already costs a few milliseconds.
 *
 * @param {readonly Tool[]} wanted
 * @returns {Promise<{ readonly node: string, readonly tools: Readonly<Partial<Record<Tool, string>>> }>} paths
 * @throws {import('./project.js').SetUpError} with one line that says what is missing and what to do
 */
export async function setUp(wanted) {
  const known = readRecord();
  const missing = wanted.filter((tool) => !isStillThere(tool, known[tool]));
  const [, envoy] = await settled([
    installPackages(),
    missing.includes('envoy') ? installEnvoy() : known.envoy,
    // One after the other: apt-get holds a lock.
    installSystemTools(missing, known),
  ]);
  if (envoy !== undefined) known.envoy = envoy;
  if (missing.length > 0) writeRecord(known);
  return { node: findNode(), tools: known };
}

/**
 * All of them to their end, so that nothing runs on behind an error; then the first error.
 *
 * @template {readonly unknown[]} T
 * @param {T} work
 * @returns {Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>}
 */
async function settled(work) {
  await Promise.allSettled(work);
  return Promise.all(work);
}

/**
 * @param {readonly Tool[]} missing
 * @param {Partial<Record<Tool, string>>} known receives the paths
 */
async function installSystemTools(missing, known) {
  if (missing.includes('redis')) known.redis = await installRedis();
  if (missing.includes('chromium')) known.chromium = await installChromium();
}

/**
 * @param {Tool} tool
 * @param {string | undefined} path
 */
function isStillThere(tool, path) {
  const named = process.env[overrides[tool]];
  return path !== undefined && existsSync(path) && (named === undefined || named === '' || named === path);
}

/** @returns {Partial<Record<Tool, string>>} absolute paths */
function readRecord() {
  if (!existsSync(record)) return {};
  /** @type {{ version: string, tools: Partial<Record<Tool, string>> }} */
  const { version, tools } = JSON.parse(readFileSync(record, 'utf8'));
  if (version !== recordVersion) return {};
  return Object.fromEntries(Object.entries(tools).map(([tool, path]) => [tool, resolve(root, path)]));
}

/** @param {Partial<Record<Tool, string>>} tools */
function writeRecord(tools) {
  const paths = Object.entries(tools).map(([tool, path]) => [tool, isInside(path) ? relative(root, path) : path]);
  mkdirSync(join(root, '.tools'), { recursive: true });
  writeFileSync(record, `${JSON.stringify({ version: recordVersion, tools: Object.fromEntries(paths) }, null, 2)}\n`);
}

/** @param {string} path */
function isInside(path) {
  const inside = relative(root, path);
  return !inside.startsWith('..') && !isAbsolute(inside);
}

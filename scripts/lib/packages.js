import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, SetUpError } from './project.js';
import { isExecutable, lastLine, run } from './run.js';

/** Type stripping is stable and without a warning from this version on. */
const oldestNode = [24, 12];

/**
 * @typedef {{ readonly version?: string, readonly optional?: boolean, readonly link?: boolean }} LockedPackage
 * @typedef {{ readonly packages?: Readonly<Record<string, LockedPackage>> }} LockFile
 */

/**
 * Installs what package-lock.json names, when node_modules holds something else.
 * The comparison is with npm's own record of what it installed, so that `npm install` by hand counts as well.
 */
export async function installPackages() {
  if (packagesAreInstalled()) return;
  console.log('set-up: npm ci');
  const npmScript = process.env.npm_execpath ?? '';
  const viaNpm = npmScript.endsWith('npm-cli.js');
  // A NODE_ENV=production or an omit= of the machine would leave out what the tests, or Node 24 itself, need.
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = viaNpm ? await run(process.execPath, [npmScript, ...args]) : await run('npm', args);
  if (code !== 0) throw new SetUpError(`npm ci failed: ${npmReason(output)}`);
  if (!packagesAreInstalled())
    throw new SetUpError('npm ci left packages out: see package-lock.json and npm config ls');
}

function packagesAreInstalled() {
  const installed = readLock('node_modules/.package-lock.json');
  const locked = readLock('package-lock.json');
  return Object.entries(locked).every(
    ([path, { version, optional, link }]) =>
      path === '' || optional === true || link === true || installed[path]?.version === version,
  );
}

/**
 * @param {string} path
 * @returns {Readonly<Record<string, LockedPackage>>}
 */
function readLock(path) {
  const file = join(root, path);
  if (!existsSync(file)) return {};
  /** @type {LockFile} */
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  return lock.packages ?? {};
}

/**
 * The reason stands between npm's codes and its advice.
 *
 * @param {string} output
 */
function npmReason(output) {
  const lines = output.split('\n').map((line) => line.replace(/^npm (error|ERR!)/, '').trim());
  return lines.find((line) => line !== '' && !/^(code|syscall|errno|path|dest)\b/.test(line)) ?? lastLine(output);
}

/**
 * The Node that runs the sources: the one that package-lock.json pins, else the one that runs this script.
 *
 * @returns {string} its path
 */
export function findNode() {
  const pinned = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (isExecutable(pinned)) return pinned;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return process.execPath;
  throw new SetUpError(
    `Node ${oldestNode.join('.')} or newer is needed here and this is ${process.versions.node}: install it from https://nodejs.org, then run this again`,
  );
}

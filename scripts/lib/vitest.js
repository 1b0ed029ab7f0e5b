import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { root } from './project.js';

/** Projects of vitest.config.ts; the first is the one that coverage is measured on. `e2e-redis` is e2e on Redis. */
export const projects = [
  'unit',
  'architecture',
  'contract',
  'integration',
  'e2e-memory',
  'e2e-redis',
  'e2e-sentinel',
  'e2e-cluster',
  'security',
];

/**
 * The projects that a word means: `e2e` is all of `e2e-memory`, `e2e-redis` and so on.
 *
 * @param {string} word
 */
export function projectsNamed(word) {
  return projects.filter((name) => name === word || folderOf(name) === word);
}

/** @typedef {{ readonly passed: number, readonly failed: number }} Count */

/**
 * Runs vitest on these projects, its output going to ours.
 *
 * @param {string} node
 * @param {readonly string[]} names
 * @param {readonly string[]} [options]
 * @returns {Promise<Count>} a skipped test, a project without tests and a run that failed by itself count as failed
 */
export async function runVitest(node, names, options = []) {
  const report = join(root, 'coverage', `${names.join('-')}.json`);
  mkdirSync(join(root, 'coverage'), { recursive: true });
  rmSync(report, { force: true });
  const selection = names.flatMap((name) => ['--project', name]);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await inherit(node, [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    ...selection,
    ...reporters,
    ...options,
  ]);
  const { passed, failed, empty } = count(report, names);
  for (const name of empty) console.error(`no test ran in the project ${name}`);
  const sum = failed + empty.length;
  // A missed coverage threshold or an error outside of a test has no test to its name.
  return { passed, failed: code !== 0 && sum === 0 ? 1 : sum };
}

/**
 * @typedef {{ readonly assertionResults: readonly { readonly status: string }[], readonly name: string, readonly status: string }} FileReport
 */

/**
 * @param {string} report
 * @param {readonly string[]} names
 * @returns {Count & { readonly empty: readonly string[] }}
 */
function count(report, names) {
  if (!existsSync(report)) return { passed: 0, failed: 1, empty: [] };
  /** @type {{ testResults: readonly FileReport[] }} */
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const statuses = testResults.flatMap((file) => file.assertionResults.map(({ status }) => status));
  const passed = statuses.filter((status) => status === 'passed').length;
  const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  const empty = names.filter((name) => runsIn(folderOf(name), testResults) < variantsOf(name, names));
  return { passed, failed: statuses.length - passed + broken, empty };
}

/**
 * How often the file of a folder ran that ran most often. The report does not name projects, but the variants of one
 * share a file, which runs in each.
 *
 * @param {string} folder
 * @param {readonly FileReport[]} files
 */
function runsIn(folder, files) {
  /** @type {Map<string, number>} */
  const runs = new Map();
  for (const { name } of files) {
    const [top, below = ''] = relative(root, name).split(sep);
    if ((top === 'test' ? below : 'unit') === folder) runs.set(name, (runs.get(name) ?? 0) + 1);
  }
  return Math.max(0, ...runs.values());
}

/**
 * @param {string} project
 * @param {readonly string[]} names
 */
function variantsOf(project, names) {
  return names.filter((name) => folderOf(name) === folderOf(project)).length;
}

/**
 * The folder below test/ that a project has its tests from.
 *
 * @param {string} project
 */
function folderOf(project) {
  return project.replace(/-.*$/, '');
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<number>} exit code
 */
function inherit(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
    child.on('error', () => resolve(127));
    child.on('close', (code) => resolve(code ?? 128));
  });
}

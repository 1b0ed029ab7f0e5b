import { join } from 'node:path';
import { root } from './project.js';
import { run } from './run.js';

/**
 * @typedef {object} Gate
 * @property {string} name
 * @property {string} promise what holds when it passes
 * @property {readonly (readonly string[])[]} commands programs of node_modules/.bin with their arguments
 */

/**
 * What must hold of the sources before a test runs. The dependency rule is a test: test/architecture.
 *
 * @type {readonly Gate[]}
 */
export const gates = [
  { name: 'format', promise: 'formatted and free of lint', commands: [['biome', 'ci', '.', '--error-on-warnings']] },
  {
    name: 'types',
    promise: 'types fit',
    commands: [
      ['tsc', '-p', 'tsconfig.json'],
      ['tsc', '-p', 'scripts'],
    ],
  },
  { name: 'promises', promise: 'no promise is forgotten', commands: [['oxlint', '--type-aware', '--deny-warnings']] },
  { name: 'unused', promise: 'no unused file, export or package', commands: [['knip']] },
];

/**
 * @param {Gate} gate
 * @returns {Promise<{ readonly passed: boolean, readonly output: string }>}
 */
export async function runGate(gate) {
  for (const [program = '', ...args] of gate.commands) {
    const { code, output } = await run(join(root, 'node_modules', '.bin', program), args);
    if (code !== 0) return { passed: false, output };
  }
  return { passed: true, output: '' };
}

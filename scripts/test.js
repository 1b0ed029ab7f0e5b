// Every check of this repository; the last line counts them. `npm test -- unit types` runs only those named,
// `npm test -- e2e` the end-to-end tests on every store.
import { delimiter, dirname } from 'node:path';
import { gates, runGate } from './lib/gates.js';
import { runScript, SetUpError } from './lib/project.js';
import { setUp } from './lib/set-up.js';
import { projects, projectsNamed, runVitest } from './lib/vitest.js';

await runScript(async () => {
  const wanted = select(process.argv.slice(2));
  // All of them with TEST_BACKEND=docker too: contract and integration tests do things to processes of their own.
  const { node } = await setUp(['envoy', 'redis', 'chromium']);
  // The tools and what they start use the same Node, whatever `node` is on this machine.
  process.env.PATH = `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`;

  const counts = await runGates(wanted);
  if (wanted.has('unit')) counts.push(await runVitest(node, ['unit'], ['--coverage']));
  const others = projects.filter((name) => name !== 'unit' && wanted.has(name));
  if (others.length > 0) counts.push(await runVitest(node, others));

  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const failed = counts.reduce((sum, count) => sum + count.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});

/**
 * @param {readonly string[]} names
 * @returns {ReadonlySet<string>}
 */
function select(names) {
  const all = [...gates.map(({ name }) => name), ...projects];
  const named = (/** @type {string} */ word) => [...all.filter((name) => name === word), ...projectsNamed(word)];
  const unknown = names.filter((name) => named(name).length === 0);
  if (unknown.length > 0) throw new SetUpError(`npm test knows ${all.join(', ')}; not ${unknown.join(', ')}`);
  return new Set(names.length === 0 ? all : names.flatMap(named));
}

/**
 * @param {ReadonlySet<string>} wanted
 * @returns {Promise<import('./lib/vitest.js').Count[]>}
 */
async function runGates(wanted) {
  const results = gates
    .filter(({ name }) => wanted.has(name))
    .map(async (gate) => {
      const { passed, output } = await runGate(gate);
      if (!passed) console.log(output);
      console.log(`${passed ? '✓' : '✗'} ${gate.name}: ${gate.promise}`);
      return { passed: passed ? 1 : 0, failed: passed ? 0 : 1 };
    });
  return Promise.all(results);
}

// A mixed load for some minutes, with faults: `npm run test:soak -- [--minutes 10] [--visitors 16] [--seed 1]`.
// With `--sessions 1000000`: what sessions cost in Redis, and whether checks stay as quick.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, runScript, SetUpError } from './lib/project.js';
import { setUp } from './lib/set-up.js';

await runScript(async () => {
  if (process.platform !== 'linux') throw new SetUpError('the soak run reads /proc: it needs Linux');
  const options = process.argv.slice(2);
  const { node } = await setUp(['envoy', 'redis']);
  const program = options.some((option) => option.startsWith('--sessions')) ? 'fill.ts' : 'soak.ts';
  // It pauses, kills and measures processes: containers are out of its reach.
  const env = { ...process.env, TEST_BACKEND: 'local' };
  const child = spawn(node, [join(root, 'test', 'soak', program), ...options], { cwd: root, env, stdio: 'inherit' });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
});

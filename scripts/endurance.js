// Sessions at Keycloak with short tokens and restarts:
// `npm run test:endurance -- [--minutes 10] [--clients 64] [--signal term|kill]`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setUpProviders } from './lib/interop-set-up.js';
import { root, runScript } from './lib/project.js';
import { setUp } from './lib/set-up.js';

await runScript(async () => {
  const { node } = await setUp(['envoy', 'redis']);
  await setUpProviders();
  // It kills processes: containers are out of its reach.
  const env = { ...process.env, TEST_BACKEND: 'local' };
  const program = join(root, 'test', 'endurance', 'endurance.ts');
  const child = spawn(node, [program, ...process.argv.slice(2)], { cwd: root, env, stdio: 'inherit' });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
});

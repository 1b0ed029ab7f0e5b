// Envoy on http://localhost:8080, Sallyport beside it, a sample workload behind it. `-- --redis` keeps sessions in
// a Redis of its own. Ends with Ctrl-C, with the npm that started it, and with any of its parts.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { answers } from './lib/answers.js';
import { createChildren } from './lib/children.js';
import { demoConfig, demoFolder, makeSecrets, writeEnvoyConfig, writeRedisConfig } from './lib/demo-files.js';
import { npmDeath } from './lib/npm-death.js';
import { demandFreePorts, freePort } from './lib/ports.js';
import { runScript, SetUpError } from './lib/project.js';
import { setUp } from './lib/set-up.js';

/** As examples/demo/sallyport.yaml has them. */
const ports = { edge: 8080, authz: 4180, http: 4181, ops: 4182, workload: 4190 };

const patienceMs = 30_000;

await runScript(async () => {
  const options = new Set(process.argv.slice(2));
  const withRedis = options.delete('--redis');
  if (options.size > 0) throw new SetUpError(`npm run demo knows --redis, not ${[...options].join(' ')}`);
  const { node, tools } = await setUp(withRedis ? ['envoy', 'redis'] : ['envoy']);
  await demandFreePorts(Object.values(ports));
  await makeSecrets(node);
  const logs = join(demoFolder, 'logs');
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const asked = askedToEnd();
  const children = createChildren(logs);
  /** @type {import('./lib/children.js').Child[]} */
  const started = [];
  const start = (/** @type {string} */ name, /** @type {string} */ command, /** @type {readonly string[]} */ args) => {
    started.push(children.start(name, command, args));
  };
  try {
    const config = withRedis ? await startRedis(start, tools.redis ?? 'redis-server') : demoConfig;
    // It strips the types of the single-page application, which Node calls experimental on each start.
    start('workload', node, ['--disable-warning=ExperimentalWarning', join('examples', 'demo', 'workload.ts')]);
    start('sallyport', node, [join('src', 'main.ts'), 'serve', '--config', config]);
    const envoyConfig = await writeEnvoyConfig(node, config);
    const quietly = ['--log-level', 'warning', '--concurrency', '1', '--disable-hot-restart'];
    start('envoy', tools.envoy ?? 'envoy', ['--config-path', envoyConfig, ...quietly]);

    const death = Promise.race(started.map(async (child) => ({ ...child, how: await child.ended })));
    const ready = Promise.all([
      answers(ports.edge, '/', `localhost:${ports.edge}`),
      answers(ports.ops, '/readyz', '127.0.0.1'),
    ]);
    const first = await Promise.race([ready, death, asked, late()]);
    if (first === 'late') throw new SetUpError(`not ready after ${patienceMs / 1000} s: see ${logs}`);
    if (Array.isArray(first)) {
      console.log(`ready: http://localhost:${ports.edge}/ (alice / alice-password)`);
      console.log(`Ctrl-C ends it. Logs: ${logs}`);
    }
    const end = await Promise.race([death, asked]);
    if (end === 'asked') return 0;
    throw new SetUpError(`${end.how}; it wrote last:\n${children.logTail(end.name)}`);
  } finally {
    await children.endAll();
  }
});

/**
 * @param {(name: string, command: string, args: readonly string[]) => void} start
 * @param {string} redis
 * @returns {Promise<string>} the configuration that uses it
 */
async function startRedis(start, redis) {
  const port = await freePort();
  const config = writeRedisConfig(port);
  const settings = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'];
  start('redis', redis, [...settings, '--dir', join(demoFolder, 'redis')]);
  return config;
}

/** @returns {Promise<'asked'>} */
function askedToEnd() {
  return new Promise((resolve) => {
    const end = () => resolve('asked');
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
    void npmDeath().then(end);
  });
}

/** @returns {Promise<'late'>} */
function late() {
  return new Promise((resolve) => {
    setTimeout(resolve, patienceMs, 'late').unref();
  });
}

import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createClient } from '../support/client.ts';
import { beforeItEnds, type RunningProcess, startProcess } from '../support/process.ts';
import { until } from '../support/until.ts';

const ports = [8080, 4180, 4181, 4182, 4190];

let running: RunningProcess | undefined;

afterEach(() => running?.stop());

function startDemo(...args: readonly string[]): RunningProcess {
  running = startProcess({
    name: 'demo',
    command: process.execPath,
    args: ['scripts/demo.js', ...args],
    patienceMs: 10_000,
  });
  return running;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}

// A demo that somebody runs beside the tests has the ports: then the demo has to say that, and the test sees it do so.
test.each([[[]], [['--redis']]])(
  'npm run demo -- %s serves the start page and ends without a trace, or names the port that is taken',
  async (args) => {
    const taken = (await Promise.all(ports.map(isFree))).includes(false);
    const demo = startDemo(...args);
    if (taken) {
      expect(await demo.ended).toEqual({ code: 1, signal: undefined });
      expect(demo.output()).toMatch(/^port \d+ is taken by another program: .*\n$/);
      return;
    }
    await beforeItEnds(
      'demo',
      demo,
      until('the demo is ready', () =>
        demo.stdout().includes('ready: http://localhost:8080/ (alice / alice-password)'),
      ),
    );
    const client = createClient();
    expect((await client.open('http://127.0.0.1:8080/', { headers: { host: 'localhost:8080' } })).body).toContain(
      'Try it',
    );
    for (const [path, type] of [
      ['/spa/', 'text/html; charset=utf-8'],
      ['/spa/app/main.ts', 'text/javascript; charset=utf-8'],
      ['/spa/client/src/agent-client.ts', 'text/javascript; charset=utf-8'],
    ] as const) {
      const file = await client.open(`http://127.0.0.1:8080${path}`, { headers: { host: 'localhost:8080' } });
      expect([file.status, ...file.values('content-type')], path).toEqual([200, type]);
    }
    expect((await client.open('http://127.0.0.1:8080/app/', { headers: { host: 'localhost:8080' } })).status).toBe(302);

    expect(await demo.stop('SIGINT')).toEqual({ code: 0, signal: undefined });
    expect(await Promise.all(ports.map(isFree))).toEqual(ports.map(() => true));
  },
);

test('npm run demo with an unknown option says what it knows', async () => {
  const demo = startDemo('--memory');
  expect(await demo.ended).toEqual({ code: 1, signal: undefined });
  expect(demo.output()).toBe('npm run demo knows --redis, not --memory\n');
});

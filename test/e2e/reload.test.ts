import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { scriptFetch } from '../support/browser-headers.ts';
import { createClient } from '../support/client.ts';
import { callbackUrlOf } from '../support/login-steps.ts';
import { reloadBySignal, reloadsOf, reloadWith } from '../support/reload.ts';
import { freshKeyRing, runSallyport, type SallyportProcess } from '../support/sallyport.ts';
import { startTraffic } from '../support/traffic.ts';
import { until } from '../support/until.ts';
import { type ConfigDocument, startWorld, type World } from '../support/world.ts';

// Every reload here is asked for by SIGHUP; the watching of files has tests of its own.

let world: World;
let sallyport: SallyportProcess;

beforeAll(async () => {
  world = await startWorld({
    adjust: (config) => {
      config['reload'] = { watch: false };
      config['shutdown'] = { delay: '0s', drain: '2s' };
    },
  });
  const [only] = world.replicas;
  if (only === undefined) throw new Error('the world has no replica');
  sallyport = only;
});

function changed(change: (config: ConfigDocument) => void): ConfigDocument {
  const config = structuredClone(world.configs[0] ?? {});
  change(config);
  return config;
}

/** A configuration that serves, each time another. */
function sound(number: number): ConfigDocument {
  return changed((config) => {
    config['rules'].unshift({ name: `extra ${number}`, path: { prefix: `/extra-${number}` }, use: 'public' });
    config['log'] = { level: number % 2 === 0 ? 'debug' : 'info' };
    // Another provider under the same registration: sessions stay.
    if (number % 3 === 0) config['providers'].test.requestTimeout = '9s';
  });
}

const mistakes: readonly (readonly [outcome: string, make: (config: ConfigDocument) => void])[] = [
  ['invalid', (config) => config['rules'].unshift({ use: 'nobody' })],
  ['invalid', (config) => Object.assign(config['keys'], { file: 'not-there.json' })],
  ['invalid', (config) => Object.assign(config, { surprise: true })],
  ['needs_restart', (config) => Object.assign(config['listen'], { ops: '127.0.0.1:1' })],
  ['needs_restart', (config) => Object.assign(config['listen'], { http: '127.0.0.1:1' })],
  ['store_unreachable', (config) => Object.assign(config, { store: { type: 'redis', url: 'redis://127.0.0.1:1' } })],
];

it('fails no request under load in 20 reloads, bad ones among them, and keeps sessions', async () => {
  const client = await world.logIn('/app');
  const before = client.cookieHeader(world.origin);
  const expected = ['login: 200', 'page: 200', 'public page: 200', 'stranger: 401', 'userinfo: 200'];
  const statusOf = async (path: string) => (await client.send(`${world.origin}${path}`)).status;
  const traffic = startTraffic([
    ['page', () => statusOf('/app')],
    ['page', () => statusOf('/app/other')],
    ['public page', () => statusOf('/public/page')],
    ['userinfo', () => statusOf('/_auth/userinfo')],
    ['stranger', async () => (await createClient().send(`${world.origin}/app`, { headers: scriptFetch })).status],
    ['login', async () => ((await world.logIn('/app')).cookies(world.origin).size > 0 ? 200 : 0)],
  ]);
  const { outcomes } = traffic;
  const allGoOn = async () => {
    const before = new Map(outcomes);
    await until('all traffic goes on', () =>
      expected.every((outcome) => (outcomes.get(outcome) ?? 0) > (before.get(outcome) ?? 0)),
    );
  };
  for (let number = 0; number < 14; number += 1) {
    await allGoOn();
    expect(await reloadWith(sallyport, sound(number))).toBe('reloaded');
    expect(await statusOf(`/extra-${number}`)).toBe(200);
    const [outcome, make] = mistakes[number] ?? [];
    if (outcome === undefined || make === undefined) continue;
    expect(await reloadWith(sallyport, changed(make))).toBe(outcome);
    // What served before serves on, whole.
    expect((await createClient().send(`${world.origin}/extra-${number}`)).status).toBe(200);
  }
  await allGoOn();
  await traffic.stop();
  expect([...outcomes.keys()].sort()).toEqual(expected);
  expect(await reloadsOf(sallyport)).toBe(20);
  expect(client.cookieHeader(world.origin)).toBe(before);
  expect(await reloadWith(sallyport, world.configs[0])).toBe('reloaded');
  await expectHealthy(world);
});

it('takes over a rotated key ring while a login is under way: the login ends, old sessions live (L12)', async () => {
  const client = await world.logIn('/app');
  const late = createClient();
  const callback = await callbackUrlOf(late, world.origin, '/app/late');
  const added = await runSallyport('keys', 'new', '--add', '--file', join(world.folder, 'keys.json'));
  expect(added.code).toBe(0);
  expect(await reloadWith(sallyport, world.configs[0])).toBe('reloaded');
  expect((await late.follow(callback)).url).toBe(`${world.origin}/app/late`);
  expect((await client.send(`${world.origin}/app`)).status).toBe(200);
});

it('a key that left the ring opens nothing any more: the login begins again, and the session is none (L12, S11)', async () => {
  const client = await world.logIn('/app');
  const late = createClient();
  const callback = await callbackUrlOf(late, world.origin, '/app/late');
  const file = join(world.folder, 'keys.json');
  await writeFile(`${file}.new`, freshKeyRing());
  await rename(`${file}.new`, file);
  expect(await reloadWith(sallyport, world.configs[0])).toBe('reloaded');
  expect((await late.open(callback)).status).toBe(400);
  expect((await client.send(`${world.origin}/app`, { headers: scriptFetch })).status).toBe(401);
});

it('a file that is cut off opens nothing: neither after a line that is whole nor within one', async () => {
  const statusOf = async (path: string) => {
    return (await createClient().send(`${world.origin}${path}`, { headers: scriptFetch })).status;
  };
  // The last lines of the file are what limits a rule.
  const { rules: _, ...rest } = world.configs[0] ?? {};
  const open = { ...rest, rules: [{ use: 'public', path: { prefix: '/open' } }] };
  expect(await reloadWith(sallyport, open)).toBe('reloaded');
  const text = await readFile(sallyport.configFile, 'utf8');
  const end = text.indexOf('use: public') + 'use: public'.length;
  for (const length of [end, end + 1]) {
    await writeFile(sallyport.configFile, text.slice(0, length));
    expect(await reloadBySignal(sallyport)).toBe('invalid');
    expect(await statusOf('/secret')).toBe(403);
  }
  expect(await reloadWith(sallyport, world.configs[0])).toBe('reloaded');
  expect(await statusOf('/secret')).toBe(401);
});

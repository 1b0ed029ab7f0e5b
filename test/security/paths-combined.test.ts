import { writeFile } from 'node:fs/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { expectHealthy } from '../support/aftermath.ts';
import { attempt, expectDenied, type Ports, portsOf, soleRequest, type Way, ways } from '../support/attack.ts';
import { http2Client } from '../support/http2-client.ts';
import { navigationLines } from '../support/login-steps.ts';
import { rawGet, sendRaw } from '../support/raw-http.ts';
import { runSallyport } from '../support/sallyport.ts';
import type { World } from '../support/world.ts';
import { detours, slashes } from './path-detours.ts';
import { isBelow, readingsOf } from './path-readings.ts';
import { hostsOf, startPathsWorld } from './paths-world.ts';

let world: World;
let ports: Ports;

beforeAll(async () => {
  world = await startPathsWorld();
  ports = await portsOf(world);
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

const get = (way: Way, host: 'closed' | 'open', target: string, lines: readonly string[] = []) =>
  attempt(world, ports[way], rawGet(target, hostsOf(world)[host], lines));

/** Sends many targets at once and gives what the workload saw of them. */
async function reachedBy(way: Way, host: 'closed' | 'open', targets: readonly string[]): Promise<readonly string[]> {
  world.upstream.clear();
  for (let start = 0; start < targets.length; start += 16) {
    const some = targets.slice(start, start + 16);
    const answers = await Promise.all(some.map((target) => sendRaw(ports[way], rawGet(target, hostsOf(world)[host]))));
    expect(answers.map(({ status }) => status).filter((status) => ![200, 400, 401, 403].includes(status))).toEqual([]);
  }
  return world.upstream.requests.map(({ target }) => target);
}

describe.each(ways)('P1 to P5 in every combination, %s listener', (way) => {
  it('no request without a session reaches what some server could read as a closed path', async () => {
    const targets = ['/public', '/public/x'].flatMap((start) => detours.map((detour) => `${start}${detour}private`));
    const reached = await reachedBy(way, 'closed', [...targets, '/public/control']);
    // Without this the test would pass where nothing passes.
    expect(reached).toContain('/public/control');
    const outside = reached.filter((target) => ![...readingsOf(target)].every(isBelow('/public')));
    expect(outside).toEqual([]);
  }, 60_000);

  it('no request without a session reaches what some server could read as a protected path', async () => {
    const targets = ['', '/x'].flatMap((start) => detours.map((detour) => `${start}${detour}admin`));
    const around = slashes.flatMap((slash) => [
      `/admin${slash}`,
      `/admin${slash}x`,
      `${slash}admin`,
      `/x${slash}../admin`,
    ]);
    const reached = await reachedBy(way, 'open', [...targets, ...around, '/x/control']);
    expect(reached).toContain('/x/control');
    const inside = reached.filter((target) => [...readingsOf(target)].some(isBelow('/admin')));
    expect(inside).toEqual([]);
  }, 60_000);
});

describe('P1 to P5, what the readings themselves see', () => {
  it.each([
    '/public/..%3fx/private',
    '/public/%252e%252e/private',
    '/public/..;/private',
    '/public\\..\\private',
    '/public/..%c0%afprivate',
    '/public/..%00/private',
    '/public#/../../private',
  ])('%s can be outside of /public', (target) => {
    expect([...readingsOf(target)].every(isBelow('/public'))).toBe(false);
  });

  it.each(['//x/admin', '/%2561dmin', '/admin%3fx', '/;a/admin', '/\\admin'])('%s can be /admin', (target) => {
    expect([...readingsOf(target)].some(isBelow('/admin'))).toBe(true);
  });

  it.each(['/public/c%23', '/public/x?/../../private', '/public/...'])('%s stays in /public', (target) => {
    expect([...readingsOf(target)].every(isBelow('/public'))).toBe(true);
  });
});

describe.each(ways)('P7 targets that are no path, %s listener', (way) => {
  it.each([
    ['GET', '', [400]],
    ['GET', '?', [400]],
    ['GET', '?/public', [400]],
    ['GET', '*', [400]],
    ['GET', 'public', [400]],
    ['GET', './public', [400]],
    ['OPTIONS', '*', [400, 404]],
    ['CONNECT', 'localhost:80', [400, 403, 404]],
    ['CONNECT', '/public', [400, 403, 404]],
    ['CONNECT', '127.0.0.1:1', [400, 403, 404]],
    ['TRACE', '*', [400]],
  ] as const)('%s %j is refused', async (method, target, statuses) => {
    for (const host of Object.values(hostsOf(world))) {
      expectDenied(await attempt(world, ports[way], rawGet(target, host, [], method)), statuses);
    }
  });

  it('CONNECT to the configured host itself is refused', async () => {
    for (const host of Object.values(hostsOf(world))) {
      expectDenied(await attempt(world, ports[way], rawGet(host, host, [], 'CONNECT')), [400, 403, 404]);
    }
  });

  it('a ? at the end changes no rule', async () => {
    expect(soleRequest(await get(way, 'closed', '/public?')).target).toBe('/public?');
    expectDenied(await get(way, 'closed', '/private?'), [401]);
    expectDenied(await get(way, 'closed', '/?'), [401]);
    expectDenied(await get(way, 'open', '/admin?'), [401]);
    expectDenied(await get(way, 'open', '/secret??'), [403]);
  });

  it('a person who opens a closed path is sent to log in', async () => {
    expectDenied(await get(way, 'closed', '/private', navigationLines), [302]);
    expectDenied(await get(way, 'open', '/admin', navigationLines), [302]);
    // Never for what can be read in two ways: he would come back to the same.
    expectDenied(await get(way, 'closed', '/public;x', navigationLines), [400]);
    expectDenied(await get(way, 'open', '/secret', navigationLines), [403]);
  });
});

describe.each(ways)('P8 a slash at the end, %s listener', (way) => {
  it('opens nothing that an exact rule protects, and leaves other paths with a slash alone', async () => {
    expectDenied(await get(way, 'open', '/report'), [403]);
    expectDenied(await get(way, 'open', '/report/'), [400]);
    expect(soleRequest(await get(way, 'open', '/reports/')).target).toBe('/reports/');
    world.upstream.clear();
    expect(soleRequest(await get(way, 'open', '/report/x')).target).toBe('/report/x');
  });
});

describe.each(ways)('P8 spellings of a method, %s listener', (way) => {
  const overHttp2 = async (method: string, path: string, authority: string): Promise<number> => {
    const client = http2Client(ports[way], authority);
    const answer = await client.request({ ':method': method, ':path': path });
    client.close();
    return answer.status;
  };

  it('pass by no rule that names the method in upper case', async () => {
    const { open } = hostsOf(world);
    expect(await overHttp2('GET', '/form', open)).toBe(200);
    world.upstream.clear();
    for (const method of ['POST', 'DELETE']) expect(await overHttp2(method, '/form', open)).toBe(403);
    for (const method of ['post', 'Post', 'pOST', 'delete']) expect(await overHttp2(method, '/form', open)).toBe(400);
    expect(world.upstream.requests).toEqual([]);
  });

  it('are refused by the parser of HTTP/1.1', async () => {
    for (const method of ['post', 'Delete', 'GET/1.1', 'GE T']) {
      expectDenied(await attempt(world, ports[way], rawGet('/form', hostsOf(world).open, [], method)), [400]);
    }
  });
});

describe.each(ways)('P8 paths over HTTP/2, %s listener', (way) => {
  it.each([
    ['/public/../private', [400, 401]],
    ['/public/%2e%2e/private', [400, 401]],
    ['/public/..;/private', [400, 401]],
    ['/public#/private', [400]],
    ['/public/\xff', [400]],
    ['//private', [400, 401]],
    ['/private', [401]],
  ] as const)('%s is refused as over HTTP/1.1', async (path, statuses) => {
    const client = http2Client(ports[way], world.host);
    const answer = await client.request({ ':path': path });
    client.close();
    expect(statuses).toContain(answer.status);
    expect(world.upstream.requests).toEqual([]);
  });

  it('what is no path (RFC 9113 §8.3.1) ends its stream', async () => {
    const paths = ['public', '', '*', 'http://localhost/public', '/public x', '/public\0'];
    // A connection each: Envoy ends the whole connection, and takes a second for it.
    const statuses = paths.map(async (path) => {
      const client = http2Client(ports[way], world.host);
      const answer = await client.request({ ':path': path }).catch(() => ({ status: 0 }));
      client.close();
      return answer.status;
    });
    expect((await Promise.all(statuses)).filter((status) => status !== 0 && status !== 400)).toEqual([]);
    expect(world.upstream.requests).toEqual([]);
  });
});

describe('P12 regular expressions', () => {
  it('match the whole path', async () => {
    expect(soleRequest(await get('hardened', 'closed', '/files/aaab')).target).toBe('/files/aaab');
    for (const path of ['/x/files/ab', '/files/abx', '/files/ab/', '/files/ab/../x', '/filesab']) {
      expectDenied(await get('hardened', 'closed', path), [401]);
    }
  });

  it('that are exponential elsewhere are linear here', async () => {
    // One that is not does not answer inside the deadline of the check, and that is 503.
    expectDenied(await get('hardened', 'closed', `/files/${'a'.repeat(8000)}!`), [401]);
  });

  it('that are not RE2 are refused at load', async () => {
    const file = `${world.folder}/regex.yaml`;
    const patterns = ['(?=a)b', '(a)\\1', 'a{1,100000}', '(', '(?<!a)b', '[z-a]'];
    const rules = patterns.map((regex) => ({ path: { regex }, use: 'public' }));
    await writeFile(file, stringify({ ...world.configs[0], rules }));
    const checked = await runSallyport('check', '--config', file);
    expect(checked.code).toBe(1);
    for (const index of patterns.keys()) expect(checked.output).toContain(`rules[${index}].path.regex`);
  });
});

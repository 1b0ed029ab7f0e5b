import { mkdir, rename, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { metricOf } from '../support/metrics.ts';
import { withFreePorts } from '../support/ports.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { lastReloadOf, reloadsOf, reloadWith } from '../support/reload.ts';
import { freshKeyRing, type SallyportProcess, startSallyport } from '../support/sallyport.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import type { ConfigDocument } from '../support/world.ts';

// A process without an Envoy: what is taken over, when, and what is said about it.

const canary = 'canary-9a8b7c6d5e4f';

let folder: string;
let provider: TestProvider;
let sallyport: SallyportProcess;
let config: ConfigDocument;

const inFolder = (name: string) => join(folder, name);

/** As Kubernetes mounts a secret: the file is a link into `..data`, which is a link to a folder that is replaced. */
async function mountSecret(version: number, text: string): Promise<void> {
  await mkdir(inFolder(`..${version}`));
  await writeFile(inFolder(`..${version}/client-secret`), text);
  await symlink(`..${version}`, inFolder('..data_tmp'));
  await rename(inFolder('..data_tmp'), inFolder('..data'));
}

async function replace(name: string, text: string): Promise<void> {
  await writeFile(inFolder(`${name}.new`), text);
  await rename(inFolder(`${name}.new`), inFolder(name));
}

function changed(change: (config: ConfigDocument) => void): ConfigDocument {
  const copy = structuredClone(config);
  change(copy);
  return copy;
}

beforeAll(async () => {
  [folder, provider] = await Promise.all([tempFolder(), startProvider()]);
  await mountSecret(1, provider.clientSecret);
  await symlink('..data/client-secret', inFolder('client-secret'));
  await replace('keys.json', freshKeyRing());
  await replace('admin-token', 'a'.repeat(32));
  await withFreePorts(4, async (ports) => {
    const [authz, http, ops, admin] = ports.map((port) => `127.0.0.1:${port}`);
    config = {
      origins: ['http://127.0.0.1:8080'],
      listen: { authz, http, ops, admin },
      admin: { token: { file: 'admin-token' } },
      keys: { file: 'keys.json' },
      store: { type: 'memory' },
      providers: {
        test: {
          issuer: provider.issuer,
          allowHttp: true,
          clientId: provider.clientId,
          clientSecret: { file: 'client-secret' },
        },
      },
      modes: { web: { mode: 'session', provider: 'test' } },
      rules: [{ use: 'web' }],
      reload: { interval: '1s' },
      shutdown: { delay: '0s', drain: '1s' },
    };
    sallyport = await startSallyport(inFolder('sallyport.yaml'), config);
  });
});

/** Does something to files, and resolves to the outcome of the reload that it leads to. */
async function afterChange(change: () => Promise<void>): Promise<string> {
  const before = await reloadsOf(sallyport);
  await change();
  await until('the change is noticed', async () => (await reloadsOf(sallyport)) > before);
  expect(await reloadsOf(sallyport)).toBe(before + 1);
  return await lastReloadOf(sallyport);
}

async function writeConfig(text: string): Promise<void> {
  await replace('sallyport.yaml', text);
}

describe('a change of files', () => {
  it('is noticed by content: of the configuration, and of a file that it names', async () => {
    expect(await afterChange(() => writeConfig(`# a comment\n${stringify(config)}`))).toBe('reloaded');
    expect(await afterChange(() => replace('keys.json', freshKeyRing()))).toBe('reloaded');
  });

  it('is noticed when size and time stay as they were', async () => {
    const { atime, mtime } = await stat(inFolder('admin-token'));
    const outcome = await afterChange(async () => {
      await writeFile(inFolder('admin-token'), 'b'.repeat(32));
      await utimes(inFolder('admin-token'), atime, mtime);
    });
    expect(outcome).toBe('reloaded');
  });

  it('is noticed when only a link moves, as in a volume of Kubernetes', async () => {
    expect(await afterChange(() => mountSecret(2, `${provider.clientSecret}-2`))).toBe('reloaded');
    expect(await afterChange(() => mountSecret(3, provider.clientSecret))).toBe('reloaded');
  });

  it('is one reload when several files change together, and none when only a time changes', async () => {
    const outcome = await afterChange(async () => {
      await utimes(inFolder('keys.json'), 1, 1);
      await replace('keys.json', freshKeyRing());
      await replace('admin-token', 'c'.repeat(32));
      await writeConfig(`# another comment\n${stringify(config)}`);
    });
    expect(outcome).toBe('reloaded');
  });

  it('mends a mistake by itself when the file that was missing comes', async () => {
    const withOther = changed((copy) => {
      copy['keys'] = { file: 'other-keys.json' };
    });
    expect(await afterChange(() => writeConfig(stringify(withOther)))).toBe('invalid');
    expect(await afterChange(() => replace('other-keys.json', freshKeyRing()))).toBe('reloaded');
  });

  it('is left alone with watch: false, until it is asked for', async () => {
    const unwatched = changed((copy) => {
      copy['reload'] = { watch: false };
    });
    expect(await reloadWith(sallyport, unwatched)).toBe('reloaded');
    const before = await reloadsOf(sallyport);
    await replace('keys.json', freshKeyRing());
    expect(await reloadWith(sallyport, config)).toBe('reloaded');
    expect(await reloadsOf(sallyport)).toBe(before + 1);
  });
});

describe('a reload that is refused', () => {
  it('logs each mistake with its place and no value, shows in metrics and in the body of /readyz', async () => {
    const wrong = changed((copy) => {
      copy['rules'] = [{ use: canary }, { use: 'web', requires: canary }];
      copy['log'] = { level: 'chatty' };
    });
    expect(await reloadWith(sallyport, wrong)).toBe('invalid');
    const findings = sallyport.logs().filter(({ event }) => event === 'config_finding');
    expect(findings.map(({ path, line, level }) => [path, typeof line, level])).toEqual(
      expect.arrayContaining([
        ['rules[0].use', 'number', 'error'],
        ['rules[1].requires', 'number', 'error'],
        ['log.level', 'number', 'error'],
      ]),
    );
    expect(sallyport.output()).not.toContain(canary);
    expect(await metricOf(sallyport, 'sallyport_config_last_reload_successful')).toBe(0);
    const ready = await fetch(`${sallyport.opsUrl}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ status: 'ready', config: { last_reload: { outcome: 'invalid' } } });
    expect(await reloadWith(sallyport, config)).toBe('reloaded');
    expect(await metricOf(sallyport, 'sallyport_config_last_reload_successful')).toBe(1);
    const age = Date.now() / 1000 - (await metricOf(sallyport, 'sallyport_config_last_success_timestamp_seconds'));
    expect(age).toBeLessThan(60);
  });

  it.each<[what: string, change: (copy: ConfigDocument) => void, path: string]>([
    ['another address', (copy) => Object.assign(copy['listen'], { authz: '127.0.0.1:1' }), 'listen.authz'],
    ['another port of ops', (copy) => Object.assign(copy['listen'], { ops: '127.0.0.1:1' }), 'listen.ops'],
    [
      'the end of the admin API',
      (copy) => {
        copy['listen'].admin = undefined;
        copy['admin'] = undefined;
      },
      'listen',
    ],
    [
      'another size of the memory store',
      (copy) => Object.assign(copy['store'], { maxSessions: 7 }),
      'store.maxSessions',
    ],
  ])('says that %s needs a restart, and where', async (_, change, path) => {
    expect(await reloadWith(sallyport, changed(change))).toBe('needs_restart');
    const [finding] = sallyport
      .logs()
      .filter(({ event }) => event === 'config_finding')
      .slice(-1);
    expect(String(finding?.['path'])).toContain(path);
    expect(finding?.['problem']).toContain('needs a restart');
    expect(finding?.['suggestion']).toBe('restart, or put back what was here');
  });
});

describe('what did not change', () => {
  it('is taken over: the provider is not asked again, but for other settings it is', async () => {
    expect(await reloadWith(sallyport, config)).toBe('reloaded');
    await until('the provider was asked', () => provider.count('discovery') > 0);
    const before = provider.count('discovery');
    expect(
      await reloadWith(
        sallyport,
        changed((copy) => Object.assign(copy['log'] ?? {}, {})),
      ),
    ).toBe('reloaded');
    expect(provider.count('discovery')).toBe(before);
    const other = changed((copy) => Object.assign(copy['providers'].test, { requestTimeout: '7s' }));
    expect(await reloadWith(sallyport, other)).toBe('reloaded');
    await until('the provider is asked again', () => provider.count('discovery') > before);
    expect(provider.count('discovery')).toBe(before + 1);
  });

  it('a store that does not answer is no reason to let go of one that does', async () => {
    const elsewhere = changed((copy) => {
      copy['store'] = { type: 'redis', url: 'redis://127.0.0.1:1' };
    });
    expect(await reloadWith(sallyport, elsewhere)).toBe('store_unreachable');
    expect((await fetch(`${sallyport.opsUrl}/readyz`)).status).toBe(200);
    expect(await reloadWith(sallyport, config)).toBe('reloaded');
  });

  it('many that ask during a reload get one more', async () => {
    const before = await reloadsOf(sallyport);
    const ask = async () => {
      const answer = await fetch(`http://${config['listen'].admin}/v1/reload`, {
        method: 'POST',
        headers: { authorization: `Bearer ${'c'.repeat(32)}` },
      });
      return [answer.status, await answer.json()];
    };
    const answers = await Promise.all(Array.from({ length: 12 }, ask));
    for (const answer of answers) expect(answer).toEqual([200, { outcome: 'reloaded' }]);
    const count = (await reloadsOf(sallyport)) - before;
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(12);
  });
});

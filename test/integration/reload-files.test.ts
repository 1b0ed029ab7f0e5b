import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { withFreePorts } from '../support/ports.ts';
import { startProcess } from '../support/process.ts';
import { lastReloadOf, reloadBySignal, reloadsOf, reloadWith } from '../support/reload.ts';
import { freshKeyRing, runSallyport, type SallyportProcess, startSallyport } from '../support/sallyport.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import type { ConfigDocument } from '../support/world.ts';

// A process without an Envoy: files that a reload must not believe, or wait for.

let folder: string;
let config: ConfigDocument;
let sallyport: SallyportProcess;

const inFolder = (name: string) => join(folder, name);

async function makePipe(name: string): Promise<void> {
  await rm(inFolder(name), { force: true });
  expect((await startProcess({ name: 'mkfifo', command: 'mkfifo', args: [inFolder(name)] }).ended).code).toBe(0);
}

async function replace(name: string, text: string): Promise<void> {
  await writeFile(inFolder(`${name}.new`), text);
  await rename(inFolder(`${name}.new`), inFolder(name));
}

/** Path and problem of the last finding that is an error. */
function lastFinding(): readonly unknown[] {
  const errors = sallyport.logs().filter(({ event, outcome }) => event === 'config_finding' && outcome === 'error');
  return [errors.at(-1)?.['path'], errors.at(-1)?.['problem']];
}

const changed = (change: (copy: ConfigDocument) => void): ConfigDocument => {
  const copy = structuredClone(config);
  change(copy);
  return copy;
};

const pipeProblem = 'this is a pipe or a device: it is read at the start only, and a reload needs a regular file';

beforeAll(async () => {
  folder = await tempFolder();
  await replace('keys.json', freshKeyRing());
  await replace('client-secret', 'a-secret-of-the-client');
  await withFreePorts(3, async (ports) => {
    const [authz, http, ops] = ports.map((port) => `127.0.0.1:${port}`);
    config = {
      origins: ['http://127.0.0.1:8080'],
      listen: { authz, http, ops },
      keys: { file: 'keys.json' },
      store: { type: 'memory' },
      providers: {
        test: {
          issuer: 'http://127.0.0.1:1',
          allowHttp: true,
          clientId: 'app',
          clientSecret: { file: 'client-secret' },
        },
      },
      modes: { web: { mode: 'session', provider: 'test' } },
      rules: [{ use: 'web' }],
      shutdown: { delay: '0s', drain: '1s' },
      reload: { interval: '1s' },
    };
    sallyport = await startSallyport(inFolder('sallyport.yaml'), config);
  });
});

describe('a file that is not finished', () => {
  const withPublic = () =>
    stringify(changed((copy) => copy['rules'].push({ use: 'public', path: { prefix: '/open' } })));

  it('is refused where it ends in mid-line, and is taken once it is whole', async () => {
    const text = withPublic();
    for (const length of [text.indexOf('use: public') + 'use: public'.length, text.length - 1]) {
      await replace('sallyport.yaml', text.slice(0, length));
      expect(await reloadBySignal(sallyport)).toBe('invalid');
      expect(lastFinding()).toEqual(['', 'the file ends in mid-line: is it still being written?']);
    }
    await replace('sallyport.yaml', text);
    expect(await reloadBySignal(sallyport)).toBe('reloaded');
  });

  it('is refused where `use: public` has lost its path, hosts, methods and context', async () => {
    const text = withPublic();
    await replace('sallyport.yaml', text.slice(0, text.indexOf('use: public') + 'use: public\n'.length));
    expect(await reloadBySignal(sallyport)).toBe('invalid');
    expect(lastFinding()).toEqual(['rules[1]', 'this rule opens everything']);
    expect(await reloadWith(sallyport, config)).toBe('reloaded');
  });

  it('is no finding of the start or of check, which only warn of a rule that opens everything', async () => {
    await writeFile(
      inFolder('open.yaml'),
      stringify(changed((copy) => (copy['rules'] = [{ use: 'public' }]))).trimEnd(),
    );
    const { code, output } = await runSallyport('check', '--config', inFolder('open.yaml'));
    expect(output).toContain(
      'warning: rules[0]: this rule opens everything\n    write path: {prefix: /} if that is meant',
    );
    expect(code).toBe(0);
  });
});

describe('a pipe', () => {
  it('in the place of a file is refused with its place, and the file that replaces it is taken over', async () => {
    const before = await reloadsOf(sallyport);
    await makePipe('client-secret');
    await until('the pipe is noticed', async () => (await reloadsOf(sallyport)) > before);
    expect(await lastReloadOf(sallyport)).toBe('invalid');
    expect(lastFinding()).toEqual(['providers.test.clientSecret.file', pipeProblem]);
    expect(await reloadBySignal(sallyport)).toBe('invalid');
    await replace('client-secret', 'another-secret-of-the-client');
    await until('the file is noticed', async () => (await lastReloadOf(sallyport)) === 'reloaded');
  });

  it('that became the configuration file is refused, and holds up neither a reload nor the end', async () => {
    await makePipe('sallyport.yaml');
    expect(await reloadBySignal(sallyport)).toBe('invalid');
    expect(lastFinding()).toEqual(['', pipeProblem]);
    expect(await sallyport.stop()).toEqual({ code: 0, signal: undefined });
  });

  it('is read at the start, and a SIGHUP that cannot read it again leaves what serves and the end as they are', async () => {
    await makePipe('client-secret');
    await rm(inFolder('sallyport.yaml'));
    const writer = startProcess({
      name: 'sh',
      command: 'sh',
      args: ['-c', `echo secret > '${inFolder('client-secret')}'`],
    });
    sallyport = await startSallyport(inFolder('sallyport.yaml'), config);
    expect((await writer.ended).code).toBe(0);
    expect(await reloadBySignal(sallyport)).toBe('invalid');
    expect(lastFinding()).toEqual(['providers.test.clientSecret.file', pipeProblem]);
    expect((await fetch(`${sallyport.opsUrl}/readyz`)).status).toBe(200);
    expect(await sallyport.stop()).toEqual({ code: 0, signal: undefined });
  });
});

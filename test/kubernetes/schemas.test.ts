import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { documentsOf, filesOf } from '../support/kubernetes-manifests.ts';
import { startProcess } from '../support/process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { root } from '../support/tools.ts';
import { writeJsonSchemas } from './json-schemas.ts';
import { kubernetesProgram } from './tools.ts';

let schemas: string;

beforeAll(async () => {
  schemas = await tempFolder();
  expect(await writeJsonSchemas(schemas)).toBeGreaterThan(300);
});

interface Report {
  readonly resources: readonly { readonly filename: string; readonly status: string; readonly msg: string }[];
  readonly summary: { readonly valid: number };
}

async function conform(files: readonly string[]): Promise<Report> {
  const location = join(schemas, '{{.ResourceKind}}{{.KindSuffix}}.json');
  const args = ['-strict', '-summary', '-output', 'json', '-schema-location', location, ...files];
  const running = startProcess({ name: 'kubeconform', command: kubernetesProgram('kubeconform'), args });
  await running.ended;
  return JSON.parse(running.stdout()) as Report; // kubeconform's own format
}

describe('the schemas of Kubernetes, Gateway API, Envoy Gateway, Istio and cert-manager', () => {
  it('accept every manifest in k8s/, without an unknown field', async () => {
    const files = filesOf('');
    const { resources, summary } = await conform(files.map((file) => join(root, file)));
    expect(resources).toEqual([]);
    expect(summary.valid).toBe(files.flatMap(documentsOf).length);
  });

  it.each([
    ['sidecar/manifests/deployment.yaml', 'readOnlyRootFilesystem', 'readonlyRootFilesystem'],
    ['standalone/manifests/network-policy.yaml', 'namespaceSelector', 'namespaceSelektor'],
    ['recipes/envoy-gateway/security-policy.yaml', 'failOpen', 'failopen'],
    ['recipes/istio/authorization-policy.yaml', 'notPaths', 'notpaths'],
    ['standalone/cert-manager/certificates.yaml', 'isCA', 'isCa'],
  ])('refuse %s with %s misspelt: what accepts everything proves nothing', async (file, right, wrong) => {
    const text = await readFile(join(root, 'k8s', file), 'utf8');
    const path = join(await tempFolder(), 'misspelt.yaml');
    await writeFile(path, text.replace(right, wrong));
    const { resources } = await conform([path]);
    expect(resources.map(({ status }) => status)).toEqual(['statusInvalid']);
  });
});

describe('the mesh configuration of the recipe of Istio', () => {
  const [{ meshConfig }] = documentsOf('k8s/recipes/istio/istiod-values.yaml');

  async function read(config: object): Promise<number | undefined> {
    const file = join(await tempFolder(), 'mesh.json');
    await writeFile(file, JSON.stringify(config));
    const program = kubernetesProgram('mesh-config');
    const args = ['-c', 'exec "$0" < "$1"', program, file];
    return (await startProcess({ name: 'mesh-config', command: 'sh', args }).ended).code;
  }

  it('is read by Istio’s own type, without an unknown field', async () => {
    expect(await read(meshConfig)).toBe(0);
    expect(await read({ ...meshConfig, extensionproviders: [] })).toBe(1);
  });
});

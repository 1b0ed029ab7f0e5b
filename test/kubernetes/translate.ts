import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { createAuthority } from '../support/certificates.ts';
import { atEnd } from '../support/ends.ts';
import { manifestsOf } from '../support/kubernetes-manifests.ts';
import { startProcess } from '../support/process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { kubernetesProgram } from './tools.ts';

// biome-ignore lint/suspicious/noExplicitAny: objects of several APIs, walked by the tests
export type Tree = any;

/** What Envoy Gateway makes of the recipe. */
export interface Translation {
  readonly listener: Tree;
  readonly manager: Tree;
  readonly routes: readonly Tree[];
  readonly clusters: readonly Tree[];
  /** Of every policy, route and Gateway: what Envoy Gateway says about it. */
  readonly conditions: readonly { readonly type: string; readonly status: string; readonly message: string }[];
}

/** Translates recipes for Envoy Gateway. `hasEndpoints`: whether Sallyport has a replica that is ready. */
export async function translateRecipes(folders: readonly string[], hasEndpoints: boolean): Promise<Translation> {
  const objects = [
    ...folders.flatMap((folder) => manifestsOf(`recipes/${folder}`).map(({ value }) => value)),
    ...manifestsOf('standalone/manifests')
      .filter(({ kind }) => kind === 'Service')
      // egctl reads no EndpointSlices: a Service with an address stands for one with replicas, a headless one for none.
      .map(({ value }) => (hasEndpoints ? withAddress(value, '10.1.1.1') : value)),
    ...(await clusterObjects()),
  ];
  const file = join(await tempFolder(), 'objects.yaml');
  await writeFile(file, objects.map((object) => stringify(object)).join('---\n'));
  const args = ['experimental', 'translate', '--from', 'gateway-api', '--to', 'gateway-api,xds', '--file', file];
  const running = startProcess({ name: 'egctl', command: kubernetesProgram('egctl'), args });
  const { code } = await running.ended;
  if (code !== 0) throw new Error(`egctl: ${running.output()}`);
  return readTranslation(parse(running.stdout()));
}

function withAddress(service: Tree, clusterIP: string): Tree {
  return { ...service, spec: { ...service.spec, clusterIP } };
}

/** What is in the cluster besides. */
async function clusterObjects(): Promise<readonly Tree[]> {
  const authority = await createAuthority('cluster');
  atEnd(() => authority.remove());
  const { certificate, privateKey } = await authority.issue('any');
  const stringData = { 'tls.crt': certificate, 'tls.key': privateKey, 'ca.crt': authority.certificate };
  const data = Object.fromEntries(Object.entries(stringData).map(([key, text]) => [key, btoa(text)]));
  const secret = (namespace: string, name: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    type: 'kubernetes.io/tls',
    data,
  });
  return [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 'eg' },
      spec: { controllerName: 'gateway.envoyproxy.io/gatewayclass-controller' },
    },
    ...['app', 'sallyport'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'app', namespace: 'app' },
      spec: { clusterIP: '10.1.1.2', ports: [{ name: 'http', port: 8000, targetPort: 8000 }] },
    },
    secret('app', 'app-tls'),
    secret('sallyport', 'sallyport-tls'),
    secret('sallyport', 'sallyport-client-tls'),
  ];
}

function readTranslation({ xds, ...resources }: Tree): Translation {
  const [{ configs }]: readonly Tree[] = Object.values(xds);
  const dump = (name: string): Tree => configs.find((each: Tree) => each['@type'].endsWith(`.${name}`));
  const listeners: readonly Tree[] = dump('ListenersConfigDump').dynamicListeners;
  const listener = listeners.map((each) => each.activeState.listener).find(({ name }) => name === 'app/edge/https');
  const filters: readonly Tree[] = listener.filterChains[0].filters;
  const tables: readonly Tree[] = dump('RoutesConfigDump').dynamicRouteConfigs;
  const routes = tables
    .map((each) => each.routeConfig)
    .filter(({ name }) => name === 'app/edge/https')
    .flatMap(({ virtualHosts }) => virtualHosts.flatMap((host: Tree) => host.routes));
  return {
    listener,
    manager: managerOf(filters),
    routes,
    clusters: dump('ClustersConfigDump').dynamicActiveClusters.map((each: Tree) => each.cluster),
    conditions: [...conditionsIn(resources)],
  };
}

function managerOf(filters: readonly Tree[]): Tree {
  return filters.find(({ typedConfig }) => typedConfig['@type'].endsWith('.HttpConnectionManager')).typedConfig;
}

function* conditionsIn(value: Tree): Generator<Translation['conditions'][number]> {
  if (value === null || typeof value !== 'object') return;
  for (const [key, child] of Object.entries<Tree>(value)) {
    if (key === 'conditions' && Array.isArray(child)) yield* child;
    else yield* conditionsIn(child);
  }
}

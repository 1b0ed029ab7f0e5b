import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { claimsOfClients, forwardingHeaders } from '../../src/app/envoy/forwarding-headers.ts';
import { createAuthority } from '../support/certificates.ts';
import { atEnd } from '../support/ends.ts';
import { documentsOf, filesOf, type Manifest, manifestsOf, only } from '../support/kubernetes-manifests.ts';
import { runSallyport } from '../support/sallyport.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { root, toolPath } from '../support/tools.ts';
import { flawsOfPod } from './kubernetes-pod-security.ts';

const run = promisify(execFile);

const folders = [
  'sidecar/manifests',
  'standalone/manifests',
  'recipes/envoy',
  'recipes/envoy-gateway',
  'recipes/istio',
  'recipes/tenants',
];
const all = [...folders, 'standalone/cert-manager'].flatMap(manifestsOf);
const sidecar = manifestsOf('sidecar/manifests');
const standalone = [...manifestsOf('standalone/manifests'), ...manifestsOf('recipes/envoy')];
const deployments = all.filter(({ kind }) => kind === 'Deployment').map((each) => [`${each.file}: ${each.name}`, each]);

/** Where Envoy's configuration comes from: the ConfigMap of Sallyport, and the one that is made of it. */
const generated = [
  ['sidecar', sidecar],
  ['standalone with the recipe of Envoy', standalone],
] as const;

function textOf(manifests: readonly Manifest[], configMap: string, key: string): string {
  return only(manifests, 'ConfigMap', configMap).value.data[key];
}

describe('every manifest in k8s/', () => {
  it('is in a folder that is tested, and has a kind, a name and a place', () => {
    expect(all.map(({ file }) => file)).toEqual(expect.arrayContaining([...filesOf('')]));
    const placeless = ['Namespace'];
    expect(
      all.filter(({ kind, name, namespace }) => !kind || !name || (namespace === '' && !placeless.includes(kind))),
    ).toEqual([]);
    const ids = all.map(({ kind, name, namespace }) => `${kind} ${namespace}/${name}`);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it('is in the kustomization of its folder', () => {
    for (const folder of ['sidecar', 'standalone']) {
      const [{ resources }] = documentsOf(`k8s/${folder}/kustomization.yaml`);
      expect(resources.map((path: string) => `k8s/${folder}/${path}`).sort()).toEqual(filesOf(`${folder}/manifests`));
    }
  });

  it('holds no secret: Secrets are named, never written', () => {
    expect(all.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });
});

describe.each(deployments as [string, Manifest][])('the pods of %s', (_, { value, namespace }) => {
  const pod = value.spec.template.spec;
  const { labels } = value.spec.template.metadata;
  const containers: readonly { readonly name: string; readonly ports?: readonly { readonly name: string }[] }[] =
    pod.containers;

  it('keep to the Pod Security Standard "restricted", and read-only root', () => {
    expect(flawsOfPod(pod)).toEqual([]);
  });

  it('mount what there is', () => {
    const volumes = pod.volumes.map((volume: { readonly name: string }) => volume.name);
    const mounted = pod.containers.flatMap((each: { readonly volumeMounts?: readonly { readonly name: string }[] }) =>
      (each.volumeMounts ?? []).map(({ name }) => name),
    );
    expect([...new Set(mounted)].sort()).toEqual([...volumes].sort());
    const maps = pod.volumes.flatMap((volume: { readonly configMap?: { readonly name: string } }) =>
      volume.configMap === undefined ? [] : [volume.configMap.name],
    );
    const there = all.filter((each) => each.kind === 'ConfigMap' && each.namespace === namespace);
    expect(there.map(({ name }) => name)).toEqual(expect.arrayContaining(maps));
  });

  it('are what their selector, their Service and their disruption budget select', () => {
    const selectors = all
      .filter((each) => each.namespace === namespace && ['Service', 'PodDisruptionBudget'].includes(each.kind))
      .map((each) => each.value.spec.selector.matchLabels ?? each.value.spec.selector);
    const matching = selectors.filter((selector) =>
      Object.entries(selector).every(([key, text]) => labels[key] === text),
    );
    expect(matching.length).toBeGreaterThanOrEqual(2);
    expect(value.spec.selector.matchLabels).toEqual(matching[0]);
  });

  it('have ports for every probe and Service by name', () => {
    const names = containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name));
    const probed = [...JSON.stringify(pod).matchAll(/"port":"([\w-]+)"/g)].map(([, name]) => name);
    const services = all
      .filter((each) => each.kind === 'Service' && each.namespace === namespace)
      .filter((each) => Object.entries(each.value.spec.selector).every(([key, text]) => labels[key] === text));
    const targets = services.flatMap((each) =>
      each.value.spec.ports.map((port: { readonly targetPort: string }) => port.targetPort),
    );
    expect(probed.length).toBeGreaterThan(0);
    expect(names).toEqual(expect.arrayContaining([...probed, ...targets]));
  });
});

describe.each(generated)('the configuration in %s', (_, manifests) => {
  const sallyportYaml = textOf(manifests, 'sallyport', 'sallyport.yaml');
  const envoyYaml = textOf(manifests, 'envoy', 'envoy.yaml');

  it('passes sallyport check without a warning', async () => {
    const file = join(await tempFolder(), 'sallyport.yaml');
    await writeFile(file, sallyportYaml);
    const { code, stdout, output } = await runSallyport('check', '--no-secrets', '--config', file);
    expect({ code, output }).toEqual({ code: 0, output: stdout });
  });

  it('has the Envoy configuration that belongs to it: node scripts/kubernetes-config.js', async () => {
    const file = join(await tempFolder(), 'sallyport.yaml');
    await writeFile(file, sallyportYaml);
    const { stdout } = await runSallyport('envoy', '--config', file);
    expect(envoyYaml).toBe(stdout);
  });

  it('is accepted by Envoy', async () => {
    const folder = await tempFolder();
    const authority = await createAuthority('kubernetes');
    atEnd(() => authority.remove());
    const { certificate, privateKey } = await authority.issue('envoy');
    await writeFile(join(folder, 'tls.crt'), certificate);
    await writeFile(join(folder, 'tls.key'), privateKey);
    await writeFile(join(folder, 'ca.crt'), authority.certificate);
    const file = join(folder, 'envoy.yaml');
    await writeFile(file, envoyYaml.replaceAll(/\/etc\/envoy\/(tls|sallyport)\//g, `${folder}/`));
    const { stdout } = await run(toolPath('envoy'), ['--mode', 'validate', '--config-path', file]);
    expect(stdout).toContain('OK');
  });

  it('names files only where the pods mount something', () => {
    const mounts = manifests
      .filter(({ kind }) => kind === 'Deployment')
      .flatMap(({ value }) => value.spec.template.spec.containers)
      .flatMap((container) => container.volumeMounts ?? [])
      .map((mount: { readonly mountPath: string }) => `${mount.mountPath}/`);
    const files = [...`${sallyportYaml}\n${envoyYaml}`.matchAll(/[\s:"](\/(?:etc|run)\/[\w./-]+)/g)].map(
      ([, file = '']) => file,
    );
    expect(files.length).toBeGreaterThan(4);
    expect(files.filter((file) => !mounts.some((mount) => file.startsWith(mount)))).toEqual([]);
  });
});

/** What the end of a process waits for refreshes under way (docs/operations.md). */
const refreshSeconds = 10;

const seconds = (text: string) => Number(/^(\d+)s$/.exec(text)?.[1]);

test('the sidecar outlives Envoy, the workload outlives Envoy, and all have ended before they are killed', () => {
  const { shutdown } = parse(textOf(sidecar, 'sallyport', 'sallyport.yaml'));
  const pod = only(sidecar, 'Deployment', 'app').value.spec.template.spec;
  const sleepOf = (name: string): number =>
    pod.containers.find((each: { readonly name: string }) => each.name === name).lifecycle.preStop.sleep.seconds;
  expect(seconds(shutdown.delay)).toBeGreaterThan(sleepOf('envoy'));
  expect(sleepOf('workload')).toBeGreaterThan(sleepOf('envoy'));
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(
    seconds(shutdown.delay) + seconds(shutdown.drain) + refreshSeconds,
  );
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(sleepOf('workload'));
});

test('a replica that stands alone answers until everybody has heard that it goes, and ends before it is killed', () => {
  const { shutdown } = parse(textOf(standalone, 'sallyport', 'sallyport.yaml'));
  const { terminationGracePeriodSeconds: grace } = only(standalone, 'Deployment', 'sallyport').value.spec.template.spec;
  expect(seconds(shutdown.delay)).toBeGreaterThanOrEqual(10);
  expect(grace).toBeGreaterThan(seconds(shutdown.delay) + seconds(shutdown.drain) + refreshSeconds);
});

test('the sidecar: the workload runs as another user than Sallyport and has no part in its sockets and secrets', () => {
  const pod = only(sidecar, 'Deployment', 'app').value.spec.template.spec;
  const [workload] = pod.containers;
  expect(workload.volumeMounts ?? []).toEqual([]);
  expect(workload.securityContext.runAsUser).not.toBe(pod.securityContext.runAsUser);
  const { listen } = parse(textOf(sidecar, 'sallyport', 'sallyport.yaml'));
  expect([listen.authz, listen.http]).toEqual(['unix:/run/sallyport/authz.sock', 'unix:/run/sallyport/http.sock']);
});

test('network policies open the check to named pods alone, and every pod has one', () => {
  const policies = all.filter(({ kind }) => kind === 'NetworkPolicy').map(({ value }) => value.spec);
  const openings = policies.flatMap(({ ingress = [] }) => ingress);
  const openTo = (port: number) =>
    openings.filter(({ ports }) => ports.some((each: { port: number }) => each.port === port));
  expect(openings.every(({ ports }) => ports?.length > 0)).toBe(true);
  for (const port of [4180, 4181, 8000]) {
    expect(openTo(port)).toHaveLength(3);
    expect(
      openTo(port)
        .flatMap(({ from = [{}] }) => from)
        .filter(({ podSelector }) => podSelector === undefined),
    ).toEqual([]);
  }
  // Metrics: for a namespace. Users: for all.
  expect(openTo(4182).every(({ from }) => from?.length === 1)).toBe(true);
  expect(openings.filter(({ from }) => from === undefined).map(({ ports }) => ports[0].port)).toEqual([8443, 8443]);
  const limited = policies.filter(({ policyTypes }) => policyTypes.includes('Egress'));
  expect(limited.map(({ podSelector }) => podSelector.matchLabels['app.kubernetes.io/name']).sort()).toEqual([
    'app',
    'envoy',
    'sallyport',
  ]);
});

describe('the recipe of Envoy Gateway', () => {
  const recipe = manifestsOf('recipes/envoy-gateway');

  it('asks about every route of the Gateway, fails closed and sends every header', () => {
    const { targetRefs, extAuth } = only(recipe, 'SecurityPolicy', 'sallyport').value.spec;
    expect(targetRefs).toEqual([{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' }]);
    expect(extAuth).toMatchObject({ failOpen: false, statusOnError: 503, recomputeRoute: false, timeout: '5s' });
    // A header that the check does not see, it cannot take off.
    expect(extAuth).not.toHaveProperty('headersToExtAuth');
    const other = only(recipe, 'SecurityPolicy', 'sallyport-routes').value.spec;
    expect(other).toEqual({
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'sallyport' }],
    });
  });

  it('does so for every tenant of k8s/recipes/tenants, on a route of its own', () => {
    const tenants = manifestsOf('recipes/tenants');
    const policies = tenants.filter(({ kind }) => kind === 'SecurityPolicy');
    expect(policies.map(({ name }) => name)).toEqual(['blue', 'green']);
    for (const { name, value } of policies) {
      const { targetRefs, extAuth } = value.spec;
      expect(targetRefs).toEqual([{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name }]);
      expect(extAuth).toMatchObject({ failOpen: false, statusOnError: 503, timeout: '5s' });
      expect(extAuth).not.toHaveProperty('headersToExtAuth');
      expect(extAuth.contextExtensions).toEqual([{ name: 'tenant', type: 'Value', value: name }]);
    }
  });

  it('hardens the listener as sallyport envoy does', () => {
    const { path, headers } = only(recipe, 'ClientTrafficPolicy', 'edge').value.spec;
    expect(path).toEqual({ escapedSlashesAction: 'RejectRequest' });
    expect(headers.withUnderscoresAction).toBe('RejectRequest');
    expect(headers.earlyRequestHeaders.remove).toEqual(claimsOfClients(0));
  });
});

describe('the recipe of Istio', () => {
  const recipe = manifestsOf('recipes/istio');

  it('asks about every request but those for the pages of Sallyport on its own host', () => {
    const { action, provider, rules } = only(recipe, 'AuthorizationPolicy', 'sallyport').value.spec;
    const hosts = ['app.example.com', 'app.example.com:*'];
    expect({ action, provider }).toEqual({ action: 'CUSTOM', provider: { name: 'sallyport' } });
    expect(rules).toEqual([
      { to: [{ operation: { hosts, notPaths: ['/_auth', '/_auth/*'] } }] },
      { to: [{ operation: { notHosts: hosts } }] },
    ]);
  });

  it('fails closed, and normalises paths before anybody reads them', () => {
    const [{ meshConfig }] = documentsOf('k8s/recipes/istio/istiod-values.yaml');
    const [{ name, envoyExtAuthzGrpc }] = meshConfig.extensionProviders;
    expect(name).toBe('sallyport');
    expect(envoyExtAuthzGrpc).toMatchObject({ failOpen: false, statusOnError: '503', clearRouteCache: false });
    expect(meshConfig.pathNormalization).toEqual({ normalization: 'DECODE_AND_MERGE_SLASHES' });
  });

  it('takes the claims of clients off before the workload and before Sallyport', () => {
    const { http } = only(recipe, 'VirtualService', 'app').value.spec;
    for (const route of http) {
      expect(route.headers.request.remove).toEqual(
        expect.arrayContaining([...forwardingHeaders, 'proxy-authorization']),
      );
    }
  });
});

test('the manifests take one image each, of the version of package.json and of the Envoy that the tests run on', async () => {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const { stdout } = await run(toolPath('envoy'), ['--version']);
  const [, envoy] = /\/(\d+\.\d+\.\d+)\//.exec(stdout) ?? [];
  const images = all
    .filter(({ kind }) => kind === 'Deployment')
    .flatMap(({ value }) => value.spec.template.spec.containers.map((each: { readonly image: string }) => each.image));
  expect([...new Set(images)].sort()).toEqual([
    `envoyproxy/envoy:distroless-v${envoy}`,
    `registry.example.com/sallyport:${version}`,
    'registry.example.com/workload:1.0.0',
  ]);
});

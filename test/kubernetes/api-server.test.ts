import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { manifestsOf } from '../support/kubernetes-manifests.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import { resourceDefinitionFiles } from './tools.ts';

const manifests = manifestsOf('');
const namespaces = manifests.filter(({ kind }) => kind === 'Namespace');
const pods = manifests.filter(({ kind }) => kind === 'Deployment');

let api: ApiServer;

beforeAll(async () => {
  api = await startApiServer();
  for (const file of resourceDefinitionFiles()) {
    for (const document of parseAllDocuments(readFileSync(file, 'utf8'))) {
      const object = document.toJS();
      if (object?.kind === 'CustomResourceDefinition') await applied(object);
    }
  }
  for (const { value } of namespaces) await applied(value);
  await applied({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-ingress' } });
}, 120_000);

async function applied(object: object): Promise<void> {
  const { status, body } = await api.apply(object, { dryRun: false });
  if (status > 299) throw new Error(JSON.stringify(body));
}

describe('a real API server, with Pod Security "restricted" enforced', () => {
  it.each(manifests.map((each) => [`${each.file}: ${each.kind} ${each.name}`, each] as const))(
    'accepts %s without a warning',
    async (_, { value }) => {
      const { status, body, warnings } = await api.apply(value, { dryRun: true });
      expect({ status, message: body.message, warnings }).toMatchObject({ message: undefined, warnings: [] });
      expect(status).toBeLessThan(300);
    },
  );

  it.each(pods.map((each) => [`${each.namespace}/${each.name}`, each] as const))(
    'lets in a pod of %s, and refuses it once it could gain privileges',
    async (_, { value, namespace }) => {
      const pod = podOf(value, namespace);
      expect(await api.apply(pod, { dryRun: true })).toMatchObject({ status: 201, warnings: [] });
      pod.spec.containers[0].securityContext.allowPrivilegeEscalation = true;
      const refused = await api.apply(pod, { dryRun: true });
      expect(refused).toMatchObject({ status: 403 });
      expect(refused.body.message).toContain('violates PodSecurity "restricted');
    },
  );
});

// biome-ignore lint/suspicious/noExplicitAny: a Deployment in, a Pod out
function podOf({ spec }: any, namespace: string): any {
  const { metadata, spec: pod } = structuredClone(spec.template);
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'probe', namespace }, spec: pod };
}

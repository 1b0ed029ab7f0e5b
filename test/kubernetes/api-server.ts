import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withFreePorts } from '../support/ports.ts';
import { beforeItEnds, type RunningProcess, startProcess } from '../support/process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { kubernetesProgram } from './tools.ts';

const run = promisify(execFile);

export interface ApiAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: an object of the API, or a Status
  readonly body: any;
  /** What the API server warns of: deprecated fields, pods that Pod Security would refuse. */
  readonly warnings: readonly string[];
}

/** A real Kubernetes API with nothing behind it: what it accepts is stored, and no node runs it. */
export interface ApiServer {
  call(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
  /** Server-side apply; `dryRun`: everything but storing it. Unknown fields are errors. */
  // biome-ignore lint/suspicious/noExplicitAny: an object of the API
  apply(object: any, options: { readonly dryRun: boolean }): Promise<ApiAnswer>;
}

/** Starts etcd and kube-apiserver on loopback; both end with the test file. */
export async function startApiServer(): Promise<ApiServer> {
  const folder = await tempFolder();
  const path = (name: string) => join(folder, name);
  const token = randomBytes(24).toString('hex');
  await writeFile(path('tokens.csv'), `${token},admin,admin,system:masters\n`);
  await run('openssl', ['genrsa', '-out', path('sa.key'), '2048']);
  await run('openssl', ['rsa', '-in', path('sa.key'), '-pubout', '-out', path('sa.pub')]);
  return withFreePorts(3, async ([port = 0, etcd = 0, peer = 0]) => {
    startEtcd(path('etcd'), etcd, peer);
    const server = startKubeApiserver(path, port, etcd);
    const call = caller(port, token);
    const ready = until('the API server is ready', async () => (await call('GET', '/readyz')).status === 200, {
      deadlineMs: 60_000,
      everyMs: 250,
    });
    await beforeItEnds('kube-apiserver', server, ready);
    return { call, apply: applier(call) };
  });
}

function startEtcd(folder: string, port: number, peer: number): void {
  const [client, peers] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peer}`];
  startProcess({
    name: 'etcd',
    command: kubernetesProgram('etcd'),
    args: [
      ...['--data-dir', folder, '--unsafe-no-fsync', '--log-level', 'error'],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers],
      ...['--initial-cluster', `default=${peers}`],
    ],
  });
}

function startKubeApiserver(path: (name: string) => string, port: number, etcd: number): RunningProcess {
  return startProcess({
    name: 'kube-apiserver',
    command: kubernetesProgram('kube-apiserver'),
    args: [
      `--etcd-servers=http://127.0.0.1:${etcd}`,
      ...['--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', `--secure-port=${port}`],
      ...[`--cert-dir=${path('certs')}`, '--service-cluster-ip-range=10.0.0.0/24'],
      ...['--service-account-issuer=https://kubernetes.default.svc', `--service-account-key-file=${path('sa.pub')}`],
      ...[`--service-account-signing-key-file=${path('sa.key')}`, `--token-auth-file=${path('tokens.csv')}`],
      // No controller makes service accounts here.
      ...['--disable-admission-plugins=ServiceAccount', '--endpoint-reconciler-type=none'],
      ...['--authorization-mode=RBAC', '--anonymous-auth=false'],
    ],
    patienceMs: 15_000,
  });
}

type Call = ApiServer['call'];

function caller(port: number, token: string): Call {
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        // An apply patch is YAML, of which JSON is a part.
        'content-type': method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json',
      };
      // It made its certificate itself, a moment ago, on loopback.
      const options = { host: '127.0.0.1', port, method, path, headers, rejectUnauthorized: false };
      const sent = request(options, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('error', reject);
        answer.on('end', () => {
          const warnings = [answer.headers['warning'] ?? []].flat().map(String);
          const isJson = text.startsWith('{');
          resolve({ status: answer.statusCode ?? 0, body: isJson ? JSON.parse(text) : text, warnings });
        });
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

function applier(call: Call): ApiServer['apply'] {
  const plurals = new Map<string, Promise<ReadonlyMap<string, string>>>();
  return async (object, { dryRun }) => {
    const { apiVersion, kind, metadata } = object;
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    // Asked again as long as a new kind is not served yet.
    const plural = await until(`${kind} is served`, async () => {
      const known = await (plurals.get(base) ?? pluralsOf(call, base));
      if (known.has(kind)) plurals.set(base, Promise.resolve(known));
      return known.get(kind);
    });
    const place = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
    const query = `fieldManager=test&fieldValidation=Strict&force=true${dryRun ? '&dryRun=All' : ''}`;
    return call('PATCH', `${base}${place}/${plural}/${metadata.name}?${query}`, object);
  };
}

async function pluralsOf(call: Call, base: string): Promise<ReadonlyMap<string, string>> {
  const { body } = await call('GET', base);
  const resources: readonly { readonly kind: string; readonly name: string }[] = body.resources ?? [];
  return new Map(resources.filter(({ name }) => !name.includes('/')).map(({ kind, name }) => [kind, name]));
}

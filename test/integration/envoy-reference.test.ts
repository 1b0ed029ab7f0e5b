import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { localBackend } from '../support/backend-local.ts';
import { createAuthority } from '../support/certificates.ts';
import { atEnd } from '../support/ends.ts';
import { withFreePorts } from '../support/ports.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { root } from '../support/tools.ts';
import { startScriptedCheck } from './envoy-world.ts';

const run = promisify(execFile);
const made = [
  ['envoy/edge.yaml', 'envoy/sallyport.yaml'],
  ['envoy/heal.yaml', 'envoy/sallyport-heal.yaml'],
] as const;

it.each(made)('%s is what sallyport envoy prints for %s', async (reference, configuration) => {
  const args = ['src/main.ts', 'envoy', '--config', configuration];
  const { stdout } = await run(process.execPath, args, { cwd: root });
  expect(await readFile(join(root, reference), 'utf8')).toBe(stdout);
});

it.each(made)('%s serves a workload over TLS, with the check on a Unix socket', async (reference) => {
  const { port, ca, check, workload } = await startReference(reference);
  expect(await getOverTls(port, ca)).toEqual({ status: 200, protocol: 'TLSv1.3' });
  expect(check.seen.map(({ authority: host, target }) => [host, target])).toEqual([['app.example.com', '/api/x?x=1']]);
  expect(workload.requests.map((each) => each.values('x-forwarded-proto'))).toEqual([['https']]);
});

it('envoy/heal.yaml sends a request again whose token the workload refuses', async () => {
  const { port, ca, check, workload } = await startReference('envoy/heal.yaml');
  const headers = [['www-authenticate', 'Bearer error="invalid_token"']] as const;
  workload.answerWith(() => (workload.requests.length === 1 ? { status: 401, headers } : {}));
  expect(await getOverTls(port, ca)).toMatchObject({ status: 200 });
  expect(check.seen.map((each) => each.headers.get('x-envoy-attempt-count'))).toEqual([['1'], ['2']]);
  expect(workload.requests.map((each) => each.values('x-forwarded-proto'))).toEqual([['https'], ['https']]);
});

async function startReference(reference: string) {
  const folder = await tempFolder();
  const authority = await createAuthority('edge');
  atEnd(() => authority.remove());
  const { certificate, privateKey } = await authority.issue('app.example.com');
  await mkdir(join(folder, 'run'));
  await writeFile(join(folder, 'tls.crt'), certificate);
  await writeFile(join(folder, 'tls.key'), privateKey);
  const workload = await startRecordingUpstream();
  atEnd(() => workload.stop());
  const check = await startScriptedCheck({ kind: 'unix', path: join(folder, 'run/authz.sock') });
  const text = await readFile(join(root, reference), 'utf8');
  const port = await withFreePorts(1, async ([edgePort = 0]) => {
    const moved = text
      .replaceAll('/etc/envoy/tls', folder)
      .replaceAll('/run/sallyport', join(folder, 'run'))
      .replace('address: 0.0.0.0', 'address: 127.0.0.1')
      .replace('port_value: 8443', `port_value: ${edgePort}`)
      .replace('port_value: 8000', `port_value: ${workload.port}`);
    await localBackend.startEnvoy(moved);
    return edgePort;
  });
  return { port, ca: authority.certificate, check, workload };
}

function getOverTls(port: number, ca: string): Promise<{ readonly status: number; readonly protocol: string }> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'app.example.com' };
    // The certificates of test/support are for localhost.
    const options = {
      host: '127.0.0.1',
      port,
      path: '/api/x?x=1',
      headers,
      ca,
      servername: 'localhost',
      agent: false,
    };
    const sent = request(options, (answer) => {
      const { socket } = answer;
      const protocol = 'getProtocol' in socket && typeof socket.getProtocol === 'function' ? socket.getProtocol() : '';
      answer.resume();
      resolve({ status: answer.statusCode ?? 0, protocol: String(protocol) });
    });
    sent.on('error', reject);
    sent.end();
  });
}

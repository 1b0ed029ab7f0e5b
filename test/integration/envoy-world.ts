import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newKeyRing, renderKeyRing } from '../../src/adapters/node-crypto/new-key-ring.ts';
import { systemRandom } from '../../src/adapters/system/random.ts';
import type { Config, ListenerTls } from '../../src/app/config/config.ts';
import { loadConfig } from '../../src/app/config/load-config.ts';
import { envoyBootstrap } from '../../src/app/envoy/bootstrap.ts';
import { printEnvoyYaml } from '../../src/app/envoy/print.ts';
import type { HttpRequest } from '../../src/core/http/request.ts';
import { epochSecondsOf, secondsOf } from '../../src/core/time.ts';
import type { Forward, Verdict } from '../../src/core/verdict.ts';
import { CheckResponse } from '../../src/gen/envoy/service/auth/v3/external_auth.ts';
import { listenExtAuthz } from '../../src/servers/ext-authz/grpc-listener.ts';
import { toCheckResponse } from '../../src/servers/ext-authz/to-check-response.ts';
import { toHttpRequest } from '../../src/servers/ext-authz/to-http-request.ts';
import type { ListenAddress } from '../../src/servers/listen-address.ts';
import { atEnd } from '../support/ends.ts';
import { beforeItEnds, type RunningProcess, startProcess } from '../support/process.ts';
import { sendRaw } from '../support/raw-http.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { toolPath } from '../support/tools.ts';
import { until } from '../support/until.ts';

/** Secrets that test configurations name: `{env: KEYS}` and `{env: SECRET}`. */
export const environment = {
  KEYS: renderKeyRing(newKeyRing(systemRandom, epochSecondsOf(1_790_000_000))),
  SECRET: 'a-client-secret',
};

/** The generated Envoy configuration of a `sallyport.yaml`, running. */
export interface Edge {
  readonly process: RunningProcess;
  readonly config: Config;
}

/** Loads the YAML text as `serve` would, generates Envoy's configuration from it and starts Envoy. */
export async function startEdge(text: string, folder?: string): Promise<Edge> {
  const home = folder ?? (await tempFolder());
  const file = join(home, 'sallyport.yaml');
  await writeFile(file, text);
  const loaded = await loadConfig(file, environment);
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.errors, undefined, 2));
  const { config } = loaded;
  if (config.envoy === undefined) throw new Error('the configuration has no envoy');
  const { listen } = config.envoy;
  if (listen.kind !== 'tcp') throw new Error('this test reaches Envoy over TCP');
  const yaml = printEnvoyYaml(envoyBootstrap(config, config.envoy), 'test');
  const process = await startEnvoy(yaml, home, listen.port);
  return { process, config };
}

/** Starts Envoy with a configuration that listens on a port of 127.0.0.1, and waits until it does. */
export async function startEnvoy(yaml: string, folder: string, port: number): Promise<RunningProcess> {
  const file = join(folder, 'envoy.yaml');
  await writeFile(file, yaml);
  const args = [
    '--config-path',
    file,
    '--concurrency',
    '1',
    '--disable-hot-restart',
    '--log-level',
    'warning',
    '--file-flush-interval-msec',
    '50',
  ];
  const running = startProcess({ name: 'envoy', command: toolPath('envoy'), args });
  // An unknown host is answered by Envoy alone; over TLS this is no answer, but a connection.
  const answers = until('envoy listens', async () => {
    await sendRaw(port, 'GET / HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n');
    return true;
  });
  await beforeItEnds('envoy', running, answers);
  return running;
}

/** Our own gRPC listener with a check that says what the test tells it to. */
export interface ScriptedCheck {
  readonly seen: readonly HttpRequest[];
  /** A verdict, or the bytes of an answer that our own guard would never let out. */
  answerWith(answer: (seen: HttpRequest) => Verdict | Uint8Array | Promise<Verdict>): void;
  /** Forgets what was seen and allows everything again. */
  reset(): void;
  stop(): Promise<void>;
}

export const allow: Forward = { kind: 'forward', setHeaders: [], removeHeaders: [], responseHeadersIfAbsent: [] };

/** Listens until the end of the test file. */
export async function startScriptedCheck(address: ListenAddress, tls?: ListenerTls): Promise<ScriptedCheck> {
  const seen: HttpRequest[] = [];
  let answer: Parameters<ScriptedCheck['answerWith']>[0] = () => allow;
  const listener = await listenExtAuthz({ address, tls }, async (bytes) => {
    const request = toHttpRequest(bytes);
    if (request === undefined) throw new Error('Envoy sent what is no request');
    seen.push(request);
    const said = await answer(request);
    return said instanceof Uint8Array ? said : CheckResponse.encode(toCheckResponse(said)).finish();
  });
  const stop = () => listener.close(secondsOf(0));
  atEnd(stop);
  return {
    seen,
    answerWith: (next) => {
      answer = next;
    },
    reset: () => {
      seen.length = 0;
      answer = () => allow;
    },
    stop,
  };
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newKeyRing, renderKeyRing } from '../../src/adapters/node-crypto/new-key-ring.ts';
import { systemRandom } from '../../src/adapters/system/random.ts';
import type { Config } from '../../src/app/config/config.ts';
import { loadConfig } from '../../src/app/config/load-config.ts';
import { envoyBootstrap } from '../../src/app/envoy/bootstrap.ts';
import { printEnvoyYaml } from '../../src/app/envoy/print.ts';
import type { HttpRequest } from '../../src/core/http/request.ts';
import { epochSecondsOf, secondsOf } from '../../src/core/time.ts';
import type { Forward, PlainReply } from '../../src/core/verdict.ts';
import { CheckResponse } from '../../src/gen/envoy/service/auth/v3/external_auth.ts';
import type { Address } from '../../src/servers/address.ts';
import { listenExtAuthz } from '../../src/servers/ext-authz/grpc-listener.ts';
import { toCheckResponse } from '../../src/servers/ext-authz/to-check-response.ts';
import { toHttpRequest } from '../../src/servers/ext-authz/to-http-request.ts';
import type { MutualTls } from '../../src/servers/mutual-tls.ts';
import { localBackend } from '../support/backend-local.ts';
import { atEnd } from '../support/ends.ts';
import type { EnvoyHandle } from '../support/environment.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Secrets that test configurations name: `{env: KEYS}` and `{env: SECRET}`. */
export const environment = {
  KEYS: renderKeyRing(newKeyRing(systemRandom, epochSecondsOf(1_790_000_000))),
  SECRET: 'a-client-secret',
};

/** The generated Envoy configuration of a `sallyport.yaml`, running. */
export interface Edge {
  readonly envoy: EnvoyHandle;
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
  // A local one: the configuration names files of this machine.
  const envoy = await localBackend.startEnvoy(printEnvoyYaml(envoyBootstrap(config, config.envoy), 'test'));
  return { envoy, config };
}

/** Our own gRPC listener with a check that says what the test tells it to. */
export interface ScriptedCheck {
  readonly seen: readonly HttpRequest[];
  /** A verdict, or the bytes of an answer that our own guard would never let out. */
  answerWith(answer: (seen: HttpRequest) => Forward | PlainReply | Uint8Array | Promise<Forward | PlainReply>): void;
  /** Forgets what was seen and allows everything again. */
  reset(): void;
  stop(): Promise<void>;
}

export const allow: Forward = { kind: 'forward', setHeaders: [], removeHeaders: [], responseHeadersIfAbsent: [] };

/** Listens until the end of the test file. */
export async function startScriptedCheck(address: Address, tls?: MutualTls): Promise<ScriptedCheck> {
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

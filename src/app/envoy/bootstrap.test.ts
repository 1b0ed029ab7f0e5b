import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configOf, document } from '../../../test/support/config-text.ts';
import { loadConfig } from '../config/load-config.ts';
import { envoyBootstrap } from './bootstrap.ts';
import type { EnvoyObject, EnvoyValue } from './envoy-value.ts';
import { printEnvoyYaml } from './print.ts';

const redis = '{type: redis, url: "redis://h"}';

async function bootstrapOf(envoy: string, parts: Readonly<Record<string, string>> = {}): Promise<EnvoyObject> {
  const text = document({ envoy: `{listen: "127.0.0.1:8080", workload: "127.0.0.1:9000", ${envoy}}`, ...parts });
  const config = await configOf(text);
  if (config.envoy === undefined) throw new Error('no envoy');
  return envoyBootstrap(config, config.envoy);
}

/** Every value under a key of this name, wherever it stands. */
function valuesOf(value: EnvoyValue, name: string): readonly EnvoyValue[] {
  if (Array.isArray(value)) return value.flatMap((item: EnvoyValue) => valuesOf(item, name));
  if (typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, child]) => [...(key === name ? [child] : []), ...valuesOf(child, name)]);
}

describe('the generated Envoy configuration', () => {
  it('serves the configured origins, with and without their default port, and nothing else', async () => {
    const bootstrap = await bootstrapOf('trustedHops: 1', {
      origins: '["https://app.example.com", "http://localhost:8080", "http://plain.example.com"]',
    });
    expect(valuesOf(bootstrap, 'domains')).toEqual([
      ['app.example.com', 'app.example.com:443', 'localhost:8080', 'plain.example.com', 'plain.example.com:80'],
      ['*'],
    ]);
  });

  it('serves every host under a wildcard', async () => {
    const origins = '["https://*.example.com", "https://*.example.org:8443"]';
    expect(valuesOf(await bootstrapOf('trustedHops: 1', { origins }), 'domains')).toEqual([
      ['*.example.com', '*.example.com:443', '*.example.org:8443'],
      ['*'],
    ]);
  });

  it('is as strict as any rule allows, and refuses below base paths what it leaves alone for a rule', async () => {
    const strictness = async (tolerate: string) => {
      const modes = '{web: {mode: gate, basePath: /a.b/_gate}}';
      const bootstrap = await bootstrapOf('', { modes, rules: `[{use: web, tolerate: {${tolerate}}}]` });
      const names = ['merge_slashes', 'path_with_escaped_slashes_action', 'headers_with_underscores_action', 'regex'];
      return names.flatMap((name) => valuesOf(bootstrap, name));
    };
    const regex = '/a\\.b/_gate(?:/.*)?(?i:%2f|%5c|//).*';
    const strict = [true, 'REJECT_REQUEST', 'REJECT_REQUEST'];
    expect(await strictness('')).toEqual(strict);
    expect(await strictness('semicolons: true, emptySegments: false')).toEqual(strict);
    expect(await strictness('encodedSlashes: true')).toEqual([true, 'KEEP_UNCHANGED', 'REJECT_REQUEST', regex]);
    expect(await strictness('emptySegments: true')).toEqual([false, 'REJECT_REQUEST', 'REJECT_REQUEST', regex]);
    expect(await strictness('underscoredHeaders: true')).toEqual([true, 'REJECT_REQUEST', 'ALLOW']);
  });

  it('bounds headers as the configuration says (S10)', async () => {
    const limits = async (requests: string) => {
      const bootstrap = await bootstrapOf('', { requests });
      return ['max_request_headers_kb', 'max_headers_count'].flatMap((name) => valuesOf(bootstrap, name));
    };
    expect(await limits('{}')).toEqual([96, 200]);
    expect(await limits('{maxHeaderBytes: 16384, maxHeaderCount: 60}')).toEqual([16, 60]);
  });

  it('says of its exceptions that they are some', async () => {
    const tolerate = '{encodedSlashes: true, emptySegments: true, underscoredHeaders: true}';
    const modes = '{web: {mode: gate}}';
    const bootstrap = await bootstrapOf('', { modes, rules: `[{use: web, tolerate: ${tolerate}}]` });
    const text = printEnvoyYaml(bootstrap, 'x');
    expect(parse(text)).toEqual(bootstrap);
    expect(text.match(/# Some rule tolerates/g)).toHaveLength(3);
    expect(text).not.toMatch(/# %2F and %5C|# \/\/ is one slash|# X_Auth_User/);
  });

  it('drops forwarding headers of clients; with proxies before it, all but those that these write', async () => {
    const dropped = async (envoy: string) => valuesOf(await bootstrapOf(envoy), 'remove');
    const byProxies = ['x-forwarded-host', 'x-forwarded-port', 'x-forwarded-for', 'x-forwarded-proto'];
    const always = ['forwarded', 'x-forwarded-prefix', 'x-real-ip', 'x-envoy-original-dst-host'];
    expect(await dropped('')).toEqual(expect.arrayContaining([...byProxies, ...always]));
    expect(await dropped('trustedHops: 2')).toEqual(
      (await dropped('')).filter((name) => !byProxies.includes(String(name))),
    );
    expect(valuesOf(await bootstrapOf('trustedHops: 2'), 'xff_num_trusted_hops')).toEqual([2]);
  });

  it('fails closed, whatever the configuration says', async () => {
    const bootstrap = await bootstrapOf('checkTimeout: 3s');
    expect(valuesOf(bootstrap, 'failure_mode_allow')).toEqual([false]);
    expect(valuesOf(bootstrap, 'status_on_error')).toEqual([{ code: 503 }]);
    expect(JSON.stringify(valuesOf(bootstrap, 'grpc_service'))).toContain('"timeout":"3s"');
  });

  it('leaves the check out for base paths and unknown hosts alone', async () => {
    const parts = { modes: '{web: {mode: gate}, two: {mode: gate, basePath: /b/c, cookie: {name: b}}}' };
    const bootstrap = await bootstrapOf('', parts);
    expect(valuesOf(bootstrap, 'path_separated_prefix')).toEqual(['/_gate', '/b/c']);
    expect(valuesOf(bootstrap, 'disabled')).toEqual([true, true, true]);
    expect(valuesOf(bootstrap, 'direct_response')).toHaveLength(1);
  });

  it('checks the health of replicas where there is another to go to', async () => {
    expect(valuesOf(await bootstrapOf(''), 'health_checks')).toEqual([]);
    // A name may stand for several, as a headless Service does; a lone process has nobody to go to.
    for (const [host, checked] of [
      ['sallyport.internal', 2],
      ['localhost', 0],
    ] as const) {
      const one = await bootstrapOf(`replicas: [{authz: "${host}:1", http: "${host}:2"}]`);
      expect(valuesOf(one, 'health_checks')).toHaveLength(checked);
    }
    const replicas = 'replicas: [{authz: "a:1", http: "a:2"}, {authz: "10.0.0.1:1", http: "10.0.0.1:2"}]';
    const bootstrap = await bootstrapOf(replicas, { store: redis });
    expect(valuesOf(bootstrap, 'health_checks')).toHaveLength(2);
    expect(valuesOf(bootstrap, 'healthy_panic_threshold')).toEqual([{ value: 0 }, { value: 0 }]);
    // And does not try a dead one twice before that is known.
    expect(valuesOf(bootstrap, 'host_selection_retry_max_attempts')).toEqual([5]);
    expect(valuesOf(await bootstrapOf(''), 'host_selection_retry_max_attempts')).toEqual([]);
    // valuesOf also sees the @type of nested messages; clusters alone have these words.
    expect(valuesOf(bootstrap, 'type').filter((type) => type === 'STATIC' || type === 'STRICT_DNS')).toEqual([
      'STATIC',
      'STRICT_DNS',
      'STRICT_DNS',
    ]);
  });

  it('reaches Unix sockets through pipes, and localhost by its address', async () => {
    const listen = '{authz: "unix:/run/a.sock", http: "unix:/run/h.sock", ops: "127.0.0.1:1"}';
    const bootstrap = await bootstrapOf('admin: "localhost:9901"', { listen });
    expect(valuesOf(bootstrap, 'pipe')).toEqual([{ path: '/run/a.sock' }, { path: '/run/h.sock' }]);
    expect(valuesOf(bootstrap, 'admin')).toEqual([
      { address: { socket_address: { address: '127.0.0.1', port_value: 9901 } } },
    ]);
    expect(valuesOf(await bootstrapOf(''), 'admin')).toEqual([]);
  });

  it('prints YAML that says the same, each comment once', async () => {
    const bootstrap = await bootstrapOf('accessLog: true', { modes: '{web: {mode: gate}}' });
    const text = printEnvoyYaml(bootstrap, 'two\nlines');
    expect(parse(text)).toEqual(bootstrap);
    expect(text.startsWith('# two\n# lines\n')).toBe(true);
    const comments = text.split('\n').filter((line) => line.trim().startsWith('#'));
    expect(new Set(comments).size).toBe(comments.length);
  });
});

describe('the generated heal chain', () => {
  const plain = ['internal_listener', 'bootstrap_extensions', 'retriable_headers', 'response_headers_to_remove'];

  it('is not there unless it is configured', async () => {
    const bootstrap = await bootstrapOf('accessLog: true');
    expect([...plain, 'attempts', 'context_extensions'].flatMap((name) => valuesOf(bootstrap, name))).toEqual([]);
  });

  it('asks Sallyport in the inner listener alone, before each attempt and before the filter that marks', async () => {
    const bootstrap = await bootstrapOf('heal: {routes: [{path: {prefix: /api}}]}');
    const [edge, inner] = valuesOf(bootstrap, 'http_filters').map((filters) => valuesOf(filters, 'name'));
    expect(edge).toEqual(['envoy.filters.http.ext_authz', 'envoy.filters.http.router']);
    expect(inner).toEqual(['envoy.filters.http.ext_authz', 'envoy.filters.http.lua', 'envoy.filters.http.router']);
    expect(valuesOf(bootstrap, 'context_extensions')).toEqual([{ 'sallyport.heal': 'on' }]);
    expect(valuesOf(bootstrap, 'failure_mode_allow')).toEqual([false, false]);
    // Unknown hosts, and the way to the inner listener. The base path of the default document is the third.
    expect(valuesOf(bootstrap, 'disabled')).toEqual([true, true, true]);
  });

  it('sends a request once more for its own mark and for nothing else, and ends no stream by time', async () => {
    const bootstrap = await bootstrapOf('heal: {routes: [{path: {prefix: /api}}], maxBodyBytes: 77}');
    const policies = valuesOf(bootstrap, 'retry_policy');
    const marked = policies.filter((policy) => valuesOf(policy, 'retriable_headers').length > 0);
    expect(marked).toEqual([
      {
        retry_on: 'retriable-headers',
        num_retries: 1,
        retriable_headers: [{ name: 'x-sallyport-retry', string_match: { exact: '1' } }],
        retry_back_off: { base_interval: '0.001s', max_interval: '0.002s' },
      },
    ]);
    expect(valuesOf(bootstrap, 'request_body_buffer_limit')).toEqual([77]);
    expect(valuesOf(bootstrap, 'max_retries')).toEqual([100, 100, 100, 10_000]);
    const toWorkload = valuesOf(bootstrap, 'route').filter(
      (route) => !JSON.stringify(route).includes('sallyport_http'),
    );
    expect(toWorkload.map((route) => valuesOf(route, 'timeout')[0])).toEqual(['0s', '0s', '0s']);
  });

  it('has routes in the order of the file at both listeners, and the plain one behind them unless all are healed', async () => {
    const matches = async (heal: string) => {
      const bootstrap = await bootstrapOf(`heal: ${heal}`);
      return valuesOf(bootstrap, 'virtual_hosts').map((hosts) => valuesOf(hosts, 'match'));
    };
    const base = { path_separated_prefix: '/_gate' };
    const all = { prefix: '/' };
    expect(await matches('{}')).toEqual([[base, all, all], [all]]);
    const routes =
      '{routes: [{path: {exact: /a.b}}, {path: {prefix: "/c (d)"}}, {path: {prefix: /ä}}, {path: {exact: "/e*"}}]}';
    const heal = [
      { path: '/a.b' },
      { safe_regex: { regex: '/c(?: |(?i:%20))(?:\\(|(?i:%28))d(?:\\)|(?i:%29))(?:/.*)?' } },
      { safe_regex: { regex: '/(?:ä|(?i:%c3%a4))(?:/.*)?' } },
      { safe_regex: { regex: '/e(?:\\*|(?i:%2a))' } },
    ];
    expect(await matches(routes)).toEqual([[base, ...heal, all, all], heal]);
  });

  it('tells the marking filter for each route which 401s count', async () => {
    const heal =
      '{when: {errorDescription: "on"}, routes: [{path: {prefix: /a}, when: any}, {path: {prefix: /b}, when: invalid_token}, {}]}';
    const bootstrap = await bootstrapOf(`heal: ${heal}`);
    expect(valuesOf(bootstrap, 'when')).toEqual(['any', 'invalid_token', { error_description: 'on' }]);
    const text = printEnvoyYaml(bootstrap, 'x');
    expect(parse(text)).toEqual(bootstrap);
    // Envoy reads YAML 1.1, where these would be true.
    expect(parse(text, { version: '1.1' })).toEqual(bootstrap);
  });

  it('lets more headers into the inner listener than the edge lets in', async () => {
    const bootstrap = await bootstrapOf('heal: {}', { requests: '{maxHeaderBytes: 16384, maxHeaderCount: 60}' });
    expect(valuesOf(bootstrap, 'max_request_headers_kb')).toEqual([16, 24]);
    expect(valuesOf(bootstrap, 'max_headers_count')).toEqual([60, 80]);
  });

  it('leaves to the edge what the edge decides: the client’s address, paths, idle streams, the access log', async () => {
    const bootstrap = await bootstrapOf('heal: {}, trustedHops: 2, accessLog: true, streamIdleTimeout: 9m');
    expect(valuesOf(bootstrap, 'use_remote_address')).toEqual([true, false]);
    expect(valuesOf(bootstrap, 'xff_num_trusted_hops')).toEqual([2, 2]);
    expect(valuesOf(bootstrap, 'normalize_path')).toEqual([true, false]);
    expect(valuesOf(bootstrap, 'stream_idle_timeout')).toEqual(['540s', '0s']);
    expect(valuesOf(bootstrap, 'access_log')).toHaveLength(1);
    expect(valuesOf(bootstrap, 'attempts')).toEqual(['%UPSTREAM_REQUEST_ATTEMPT_COUNT%']);
  });

  it('speaks HTTP/2 to a workload that does', async () => {
    const protocols = async (envoy: string) => {
      const [workload] = valuesOf(await bootstrapOf(envoy), 'explicit_http_config');
      return Object.keys(workload ?? {});
    };
    expect(await protocols('')).toEqual(['http_protocol_options']);
    expect(await protocols('workloadProtocol: http2')).toEqual(['http2_protocol_options']);
  });
});

describe('the examples', () => {
  const folder = fileURLToPath(new URL('../../../examples/', import.meta.url));

  it('are sound and make an Envoy configuration', async () => {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
    const files = [...names.map((name) => join(folder, name)), join(folder, 'demo/sallyport.yaml')];
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) {
      const loaded = await loadConfig(file, {}, { readsSecrets: false });
      expect(loaded).toMatchObject({ kind: 'ok', warnings: [] });
      if (loaded.kind === 'ok') expect(loaded.config.envoy).toBeDefined();
    }
  });
});

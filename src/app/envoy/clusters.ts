import type { Address } from '../../servers/address.ts';
import type { Config, EnvoyConfig, Listener } from '../config/config.ts';
import { envoyAddress, needsDns } from './address.ts';
import { duration, type EnvoyObject, typed } from './envoy-value.ts';
import { authzCluster } from './ext-authz.ts';
import { sideServiceCluster, workloadCluster } from './routes.ts';
import { upstreamTls } from './tls.ts';

/** The workload, and the processes of Sallyport by their two listeners. */
export function clusters(config: Config, envoy: EnvoyConfig): readonly EnvoyObject[] {
  const { replicas, sallyportTls } = envoy;
  const tls = (listener: Listener, protocol: 'h2' | 'http/1.1'): EnvoyObject =>
    listener.tls !== undefined && sallyportTls !== undefined
      ? { transport_socket: upstreamTls(sallyportTls, protocol) }
      : {};
  const mayHaveSpare = replicas.length > 1 || replicas.some(({ authz, http }) => isName(authz) || isName(http));
  return [
    {
      ...cluster(workloadCluster, [envoy.workload], envoy),
      ...httpProtocol({ http_protocol_options: {} }, { idle_timeout: duration(envoy.workloadIdleTimeout) }),
    },
    {
      ...cluster(
        authzCluster,
        replicas.map(({ authz }) => authz),
        envoy,
      ),
      ...httpProtocol({ http2_protocol_options: { connection_keepalive: { interval: '30s', timeout: '5s' } } }),
      ...tls(config.listen.authz, 'h2'),
      ...(mayHaveSpare ? healthCheck({ grpc_health_check: {} }) : {}),
    },
    {
      ...cluster(
        sideServiceCluster,
        replicas.map(({ http }) => http),
        envoy,
      ),
      ...httpProtocol({ http_protocol_options: {} }, { idle_timeout: '30s' }),
      ...tls(config.listen.http, 'http/1.1'),
      ...(mayHaveSpare ? healthCheck({ http_health_check: { path: '/healthz' } }) : {}),
    },
  ];
}

/** Behind a name there may be several processes: a headless Service has the address of each. */
function isName(address: Address): boolean {
  return needsDns(address) && address.kind === 'tcp' && address.host !== 'localhost';
}

function cluster(name: string, addresses: readonly Address[], envoy: EnvoyConfig): EnvoyObject {
  const { connectTimeout, maxConnections } = envoy;
  const limits = {
    max_connections: maxConnections,
    max_pending_requests: maxConnections,
    max_requests: maxConnections,
  };
  return {
    name,
    ...(addresses.some(needsDns) ? { type: 'STRICT_DNS', dns_lookup_family: 'ALL' } : { type: 'STATIC' }),
    connect_timeout: duration(connectTimeout),
    per_connection_buffer_limit_bytes: 32_768,
    circuit_breakers: { thresholds: [{ ...limits, max_retries: 100 }] },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: addresses.map((address) => ({ endpoint: { address: envoyAddress(address) } })) }],
    },
  };
}

function httpProtocol(explicit: EnvoyObject, common?: EnvoyObject): EnvoyObject {
  return {
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': typed(
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        { ...(common === undefined ? {} : { common_http_protocol_options: common }), explicit_http_config: explicit },
      ),
    },
  };
}

/** So that a process that is gone or draining is passed over, and never asked when none is left. */
function healthCheck(kind: EnvoyObject): EnvoyObject {
  const timing = {
    timeout: '1s',
    interval: '1s',
    no_traffic_interval: '1s',
    unhealthy_threshold: 1,
    healthy_threshold: 1,
  };
  return {
    health_checks: [{ ...timing, ...kind }],
    common_lb_config: { healthy_panic_threshold: { value: 0 } },
  };
}

import type { Address } from '../../servers/address.ts';
import type { Config, EnvoyConfig, Listener } from '../config/config.ts';
import { envoyAddress, needsDns } from './address.ts';
import { clusterOf, httpProtocol, sharedHttp2 } from './cluster.ts';
import { duration, type EnvoyObject } from './envoy-value.ts';
import { authzCluster } from './ext-authz.ts';
import { healClusterOf } from './heal.ts';
import { mayHaveSpare } from './replicas.ts';
import { sideServiceCluster } from './routes.ts';
import { upstreamTls } from './tls.ts';
import { workloadCluster } from './workload-route.ts';

/** The workload, and the processes of Sallyport by their two listeners. */
export function clusters(config: Config, envoy: EnvoyConfig): readonly EnvoyObject[] {
  const { replicas, sallyportTls, heal } = envoy;
  const tls = (listener: Listener, protocol: 'h2' | 'http/1.1'): EnvoyObject =>
    listener.tls !== undefined && sallyportTls !== undefined
      ? { transport_socket: upstreamTls(sallyportTls, protocol) }
      : {};
  const hasSpare = mayHaveSpare(envoy);
  return [
    cluster(workloadCluster, [envoy.workload], envoy, workloadProtocol(envoy)),
    {
      ...cluster(
        authzCluster,
        replicas.map(({ authz }) => authz),
        envoy,
        httpProtocol({ http2_protocol_options: { connection_keepalive: { interval: '30s', timeout: '5s' } } }),
      ),
      ...tls(config.listen.authz, 'h2'),
      ...(hasSpare ? healthCheck({ grpc_health_check: {} }) : {}),
    },
    {
      ...cluster(
        sideServiceCluster,
        replicas.map(({ http }) => http),
        envoy,
        httpProtocol({ http_protocol_options: {} }, { idle_timeout: '30s' }),
      ),
      ...tls(config.listen.http, 'http/1.1'),
      ...(hasSpare ? healthCheck({ http_health_check: { path: '/healthz' } }) : {}),
    },
    ...(heal === undefined ? [] : [healClusterOf(envoy)]),
  ];
}

function cluster(name: string, at: readonly Address[], envoy: EnvoyConfig, protocol: EnvoyObject): EnvoyObject {
  const addresses = at.map(envoyAddress);
  return clusterOf({ name, addresses, needsDns: at.some(needsDns), maxRetries: 100, protocol }, envoy);
}

function workloadProtocol({ workloadProtocol: spoken, workloadIdleTimeout }: EnvoyConfig): EnvoyObject {
  const explicit = spoken === 'http1' ? { http_protocol_options: {} } : { http2_protocol_options: sharedHttp2 };
  return httpProtocol(explicit, { idle_timeout: duration(workloadIdleTimeout) });
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

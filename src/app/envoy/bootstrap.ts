import type { Config, EnvoyConfig } from '../config/config.ts';
import { envoyListenAddress } from './address.ts';
import { clusters } from './clusters.ts';
import { type EnvoyObject, typed } from './envoy-value.ts';
import { healListener } from './heal.ts';
import { edgeListener } from './listener.ts';

/** The whole Envoy configuration that belongs to a `sallyport.yaml`. `envoy` is its part of that name. */
export function envoyBootstrap(config: Config, envoy: EnvoyConfig): EnvoyObject {
  const { heal } = envoy;
  return {
    ...(heal === undefined ? {} : internalListeners),
    ...(envoy.admin === undefined ? {} : { admin: { address: envoyListenAddress(envoy.admin) } }),
    static_resources: {
      listeners: [edgeListener(config, envoy), ...(heal === undefined ? [] : [healListener(config, envoy, heal)])],
      clusters: clusters(config, envoy),
    },
    overload_manager: {
      resource_monitors: [
        {
          name: 'envoy.resource_monitors.global_downstream_max_connections',
          typed_config: typed(
            'envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
            { max_active_downstream_connections: envoy.maxConnections },
          ),
        },
      ],
    },
  };
}

const internalListeners: EnvoyObject = {
  bootstrap_extensions: [
    {
      name: 'envoy.bootstrap.internal_listener',
      typed_config: typed('envoy.extensions.bootstrap.internal_listener.v3.InternalListener'),
    },
  ],
};

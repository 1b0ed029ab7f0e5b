import { parse } from 'yaml';
import { startEnvoy } from './environment.ts';
import { withFreePorts } from './ports.ts';
import { runSallyport } from './sallyport.ts';
import type { ConfigDocument, World } from './world.ts';

/** What the listener of `sallyport envoy` does against odd requests before Sallyport is asked. */
const hardening = [
  'normalize_path',
  'merge_slashes',
  'path_with_escaped_slashes_action',
  'strip_trailing_host_dot',
  'early_header_mutation_extensions',
];

/**
 * A second Envoy in front of the same Sallyport and workload, without the hardening of its listener and for any
 * host: what it lets through is the check's own doing. Returns its port. Requests say `Host: <world.host>`.
 */
export async function startBareEnvoy(world: World): Promise<number> {
  return await startChangedEnvoy(world, bare);
}

/** A second Envoy in front of the same Sallyport and workload, its generated configuration changed. Returns its port. */
export async function startChangedEnvoy(world: World, change: (manager: ConfigDocument) => void): Promise<number> {
  const generated = await runSallyport('envoy', '--config', world.replicas[0]?.configFile ?? '');
  if (generated.code !== 0) throw new Error(`sallyport envoy: ${generated.output}`);
  return await withFreePorts(1, async ([port = 0]) => {
    const bootstrap: ConfigDocument = parse(generated.stdout);
    const [listener] = bootstrap['static_resources'].listeners;
    listener.address.socket_address.port_value = port;
    change(listener.filter_chains[0].filters[0].typed_config);
    await startEnvoy(JSON.stringify(bootstrap));
    return port;
  });
}

function bare(manager: ConfigDocument): void {
  for (const name of hardening) {
    // A setting that was renamed would leave this Envoy as hard as the other.
    if (!(name in manager)) throw new Error(`the generated listener has no ${name}`);
    delete manager[name];
  }
  manager['common_http_protocol_options'].headers_with_underscores_action = 'ALLOW';
  const [served] = manager['route_config'].virtual_hosts;
  manager['route_config'].virtual_hosts = [{ ...served, domains: ['*'] }];
}

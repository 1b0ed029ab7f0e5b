import { none, refused, to, unneeded } from '../../outcome.ts';
import type { Option } from '../option.ts';

export const upstreamOptions: readonly Option[] = [
  {
    flag: 'upstream',
    kind: 'list',
    outcome: to('envoy.workload; paths of other upstreams are denied until you route'),
  },
  {
    flag: 'flush-interval',
    kind: 'duration',
    standard: '1s',
    outcome: unneeded('Envoy passes every part of a response on as it comes'),
  },
  {
    flag: 'pass-host-header',
    kind: 'boolean',
    standard: 'true',
    outcome: none('the workload gets the Host of the request; for another set host_rewrite_literal in Envoy'),
  },
  {
    flag: 'proxy-websockets',
    kind: 'boolean',
    standard: 'true',
    outcome: none(
      'WebSockets pass, with a session and from the own origin; remove upgrade_configs in Envoy to stop them',
    ),
  },
  {
    flag: 'ssl-upstream-insecure-skip-verify',
    kind: 'boolean',
    outcome: refused('TLS towards a workload is set up in your own Envoy, with verification'),
  },
  {
    flag: 'disable-keep-alives',
    kind: 'boolean',
    outcome: none('see envoy.workloadIdleTimeout; for none at all set max_requests_per_connection: 1 in Envoy'),
  },
  {
    flag: 'upstream-timeout',
    kind: 'duration',
    standard: '30s',
    outcome: none('answers may take as long as they move (envoy.streamIdleTimeout); set route timeouts in Envoy'),
  },
];

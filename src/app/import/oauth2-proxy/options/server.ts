import { none, to, unneeded } from '../../outcome.ts';
import type { Option } from '../option.ts';

const noSecureMetrics = none('listen.ops speaks plain HTTP: keep it inside, or put TLS before it');

export const serverOptions: readonly Option[] = [
  { flag: 'http-address', kind: 'text', standard: '127.0.0.1:4180', outcome: to('envoy.listen') },
  { flag: 'https-address', kind: 'text', standard: ':443', outcome: to('envoy.listen, where there is a certificate') },
  { flag: 'tls-cert-file', kind: 'text', outcome: to('envoy.tls.cert') },
  { flag: 'tls-key-file', kind: 'text', outcome: to('envoy.tls.key') },
  {
    flag: 'tls-min-version',
    kind: 'text',
    standard: 'TLS1.2',
    outcome: none('TLS 1.2 is the oldest that Envoy accepts here; for 1.3 alone edit the Envoy configuration'),
  },
  {
    flag: 'tls-cipher-suite',
    kind: 'list',
    outcome: none('Envoy has its own list of sound cipher suites; edit the Envoy configuration for another'),
  },
  { flag: 'metrics-address', kind: 'text', outcome: to('listen.ops: metrics, health and readiness') },
  { flag: 'metrics-secure-address', kind: 'text', outcome: noSecureMetrics },
  { flag: 'metrics-tls-cert-file', kind: 'text', outcome: noSecureMetrics },
  { flag: 'metrics-tls-key-file', kind: 'text', outcome: noSecureMetrics },
  {
    flag: 'ping-path',
    kind: 'text',
    standard: '/ping',
    outcome: none('point liveness probes at /healthz of listen.ops'),
  },
  {
    flag: 'ping-user-agent',
    kind: 'text',
    outcome: none('no User-Agent opens anything; point probes at /healthz of listen.ops'),
  },
  {
    flag: 'ready-path',
    kind: 'text',
    standard: '/ready',
    outcome: none('point readiness probes at /readyz of listen.ops'),
  },
  {
    flag: 'gcp-healthchecks',
    kind: 'boolean',
    outcome: none('no User-Agent opens anything; point probes at /healthz of listen.ops'),
  },
  { flag: 'config', kind: 'text', isOnlyFlag: true, outcome: to('the file is read: as with --file') },
  {
    flag: 'alpha-config',
    kind: 'text',
    isOnlyFlag: true,
    outcome: to('the file is read: as with --alpha-config before the --'),
  },
  { flag: 'config-test', kind: 'boolean', isOnlyFlag: true, outcome: unneeded('`sallyport check`') },
  { flag: 'convert-config-to-alpha', kind: 'boolean', isOnlyFlag: true, outcome: unneeded('a command, not a setting') },
  { flag: 'version', kind: 'boolean', isOnlyFlag: true, outcome: unneeded('`sallyport --version`') },
];

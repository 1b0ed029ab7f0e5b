import { none, refused, to, unneeded } from '../../outcome.ts';
import type { Option } from '../option.ts';

export const storeOptions: readonly Option[] = [
  {
    flag: 'session-store-type',
    kind: 'text',
    standard: 'cookie',
    outcome: to('store.type, and modes.web.state: sealed for cookies'),
  },
  {
    flag: 'session-cookie-minimal',
    kind: 'boolean',
    outcome: none('sealed sessions keep the tokens; use store.type: redis where cookies grow too large'),
  },
  { flag: 'redis-connection-url', kind: 'text', isSecret: true, outcome: to('store.url') },
  { flag: 'redis-username', kind: 'text', outcome: to('store.username') },
  { flag: 'redis-password', kind: 'text', isSecret: true, outcome: to('store.password') },
  { flag: 'redis-use-sentinel', kind: 'boolean', outcome: to('store.sentinel') },
  { flag: 'redis-sentinel-master-name', kind: 'text', outcome: to('store.sentinel.master') },
  { flag: 'redis-sentinel-connection-urls', kind: 'list', isSecret: true, outcome: to('store.sentinel.nodes') },
  { flag: 'redis-sentinel-password', kind: 'text', isSecret: true, outcome: to('store.sentinel.password') },
  { flag: 'redis-use-cluster', kind: 'boolean', outcome: to('store.cluster') },
  { flag: 'redis-cluster-connection-urls', kind: 'list', isSecret: true, outcome: to('store.cluster.nodes') },
  { flag: 'redis-ca-path', kind: 'text', outcome: to('store.tls.ca') },
  {
    flag: 'redis-insecure-skip-tls-verify',
    kind: 'boolean',
    outcome: refused('certificates are verified; name the authority of your Redis in store.tls.ca'),
  },
  {
    flag: 'redis-connection-idle-timeout',
    kind: 'number',
    outcome: unneeded('a connection that Redis closed is opened again'),
  },
];

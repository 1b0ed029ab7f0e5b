import { startWorld, type World } from '../support/world.ts';

/**
 * Two hosts with opposite rules. 127.0.0.1 is closed but for `/public` and a regular expression; localhost is open
 * but for `/admin` (needs a session), `/secret` (denied), `/form` (denied for POST) and
 * `/report` (denied, exactly). `first` are rules before all of these.
 */
export async function startPathsWorld(first: readonly unknown[] = []): Promise<World> {
  return await startWorld({
    adjust: (config) => {
      const [closed] = config['origins'];
      const open = closed.replace('127.0.0.1', 'localhost');
      config['origins'].push(open);
      config['rules'] = [
        ...first,
        { hosts: [new URL(open).host], path: { prefix: '/admin' }, use: 'web' },
        { hosts: [new URL(open).host], path: { prefix: '/secret' }, use: 'deny' },
        { hosts: [new URL(open).host], path: { exact: '/form' }, methods: ['POST', 'DELETE'], use: 'deny' },
        { hosts: [new URL(open).host], path: { exact: '/report' }, use: 'deny' },
        { hosts: [new URL(open).host], use: 'public' },
        { path: { prefix: '/public' }, use: 'public' },
        { path: { exact: '/exact' }, use: 'public' },
        { path: { regex: '/files/(a+)+b' }, use: 'public' },
        { path: { prefix: '/' }, use: 'web' },
      ];
    },
  });
}

/** The hosts of {@link startPathsWorld}. */
export function hostsOf(world: World): { readonly closed: string; readonly open: string } {
  return { closed: world.host, open: `localhost:${world.port}` };
}

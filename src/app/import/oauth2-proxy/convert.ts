import { noFindings, type Remark } from '../findings.ts';
import { printConfiguration } from '../print.ts';
import type { Problem } from '../problem.ts';
import { admissionOf, asksForAddresses, groupsClaimOf } from './admission.ts';
import { identitySettingsOf } from './headers.ts';
import { listenersOf } from './listeners.ts';
import type { Compiles } from './open-paths.ts';
import type { Original } from './original.ts';
import { pagesOf } from './pages.ts';
import { providersOf } from './providers.ts';
import { rulesOf } from './rules.ts';
import { sessionSettingsOf } from './session.ts';
import { sitesOf } from './sites.ts';
import { storeOf } from './store.ts';
import { workloadOf } from './upstreams.ts';

/** What became of an installation of oauth2-proxy. */
export type Conversion =
  | { readonly kind: 'done'; readonly yaml: string; readonly remarks: readonly Remark[] }
  | { readonly kind: 'failed'; readonly problems: readonly Problem[] };

/** sallyport.yaml for an installation of oauth2-proxy: never less protected, and without any secret. */
export function convert(original: Original, compiles: Compiles, heading: readonly string[]): Conversion {
  const found = noFindings();
  const { given } = original;
  const sites = sitesOf(original, found);
  const providers = providersOf(original, asksForAddresses(given), found);
  const store = storeOf(original, found);
  const workload = workloadOf(original, found);
  const session = sessionSettingsOf(original, sites.origins, found);
  if (providers === undefined) return { kind: 'failed', problems: found.problems };

  const admission = admissionOf(original, providers.kind, found);
  const identity = identitySettingsOf(original, providers.kind, found);
  const groupsClaim = groupsClaimOf(given, found);
  const listeners = listenersOf(original, workload, found);
  const rules = rulesOf(original, admission, workload, compiles, found);
  const [origin] = sites.origins;
  const pages = pagesOf(original, origin === undefined ? undefined : new URL(origin).hostname, found);
  if (found.problems.length > 0) return { kind: 'failed', problems: found.problems };

  const names = [...providers.settings.keys()];
  const configuration = {
    origins: sites.origins,
    listen: listeners.listen,
    keys: { file: 'keys.json' },
    store,
    providers: Object.fromEntries(providers.settings),
    modes: {
      web: {
        mode: 'session',
        provider: names.length === 1 ? names[0] : names,
        basePath: sites.basePath,
        ...session,
        ...(groupsClaim === undefined ? {} : { groupsClaim }),
        ...identity,
      },
    },
    rules,
    ...(listeners.envoy === undefined ? {} : { envoy: listeners.envoy }),
    ...(pages === undefined ? {} : { pages }),
  };
  const comments = [{ path: ['keys'], text: 'Make it: sallyport keys new --file keys.json' }, ...found.comments];
  return { kind: 'done', yaml: printConfiguration(configuration, comments, heading), remarks: found.remarks };
}

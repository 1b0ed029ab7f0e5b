import type { Peculiarity } from '../../core/rules/match.ts';
import type { Config } from '../config/config.ts';
import type { EnvoyObject } from './envoy-value.ts';

/** Whether some rule tolerates this, so that Envoy must leave it to the check to refuse it elsewhere. */
function isTolerated(config: Config, peculiarity: Peculiarity): boolean {
  return config.rules.some((rule) => rule.tolerates.has(peculiarity));
}

/** What the connection manager does about paths that servers read differently. */
export function pathStrictness(config: Config): EnvoyObject {
  return {
    normalize_path: true,
    merge_slashes: !isTolerated(config, 'emptySegments'),
    path_with_escaped_slashes_action: isTolerated(config, 'encodedSlashes') ? 'KEEP_UNCHANGED' : 'REJECT_REQUEST',
  };
}

/** What the connection manager does about header names that servers read differently. */
export function headerStrictness(config: Config): EnvoyObject {
  const isAllowed = isTolerated(config, 'underscoredHeaders');
  return { headers_with_underscores_action: isAllowed ? 'ALLOW' : 'REJECT_REQUEST' };
}

/**
 * The paths of the side service that Envoy leaves alone for some rule's sake. Nobody is asked about them there, so they
 * are refused by their text: `%2F`, `%5C` and `//`. Empty where Envoy refuses or merges them itself.
 */
export function peculiarPathsBelow(basePath: string, config: Config): readonly EnvoyObject[] {
  const isLeftAlone = isTolerated(config, 'encodedSlashes') || isTolerated(config, 'emptySegments');
  if (!isLeftAlone) return [];
  const escaped = basePath.replace(/[^A-Za-z0-9/_-]/g, '\\$&');
  return [{ safe_regex: { regex: `${escaped}(?:/.*)?(?i:%2f|%5c|//).*` } }];
}

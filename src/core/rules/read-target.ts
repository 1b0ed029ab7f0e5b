import { type PathPeculiarity, readingsOf } from '../http/path-readings.ts';
import { parseTarget } from '../http/target.ts';

/** The paths that servers can make of a target: rules must decide the same about all of them. */
export interface ReadTarget {
  readonly kind: 'read';
  readonly path: string;
  readonly otherPaths: readonly string[];
  /** Those that the rule must tolerate. */
  readonly peculiarities: readonly PathPeculiarity[];
  /** Why the target is refused by a rule that does not tolerate them; empty where there are none. */
  readonly reason: string;
}

/** Reads a target; with `isLenient` also one that a rule may tolerate. */
export function readTarget(
  text: string,
  isLenient: boolean,
): ReadTarget | { readonly kind: 'ambiguous'; readonly reason: string } {
  const target = parseTarget(text);
  if (target.kind === 'target') {
    const otherPaths = target.cutPath === undefined ? none : [target.cutPath];
    return { kind: 'read', path: target.path, otherPaths, peculiarities: none, reason: '' };
  }
  const readings = isLenient ? readingsOf(text) : undefined;
  return readings === undefined ? target : { kind: 'read', ...readings, reason: target.reason };
}

const none: readonly never[] = [];

import type { LoadedConfig } from './config/config.ts';
import { errorAt } from './config/finding.ts';

/** Line of each rule in the file, from 1. */
export function ruleLinesOf({ config, locate }: LoadedConfig & { readonly kind: 'ok' }): readonly number[] {
  return config.rules.map((_, index) => locate(errorAt(['rules', index], '')).line);
}

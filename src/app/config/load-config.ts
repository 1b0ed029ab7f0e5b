import { parseKeyRing } from '../../adapters/node-crypto/key-ring.ts';
import { compilePattern } from '../../adapters/re2js/compile-pattern.ts';
import type { Secret } from '../../core/secret.ts';
import { modes } from '../../modes/index.ts';
import type { LoadedConfig } from './config.ts';
import { type ReadOptions, readConfig } from './read-config.ts';

/** {@link readConfig} with everything that this program has: all modes, RE2, its own key rings. */
export function loadConfig(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
  options?: ReadOptions,
): Promise<LoadedConfig> {
  const problemOfKeys = (keys: Secret<string>) => {
    const parsed = parseKeyRing(keys.reveal());
    return parsed.kind === 'invalid' ? parsed.problem : undefined;
  };
  return readConfig(file, environment, { modes, compilePattern, problemOfKeys }, options);
}

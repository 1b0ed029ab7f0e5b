import { parseKeyRing } from '../../adapters/node-crypto/key-ring.ts';
import { compilePattern } from '../../adapters/re2js/compile-pattern.ts';
import { modes } from '../../modes/index.ts';
import type { LoadedConfig } from './config.ts';
import { type FilesRead, notingReads } from './files-read.ts';
import { type ConfigTools, type ReadOptions, readConfig, readDocument } from './read-config.ts';
import type { SecretSources } from './secrets.ts';
import type { ConfigSource } from './source.ts';

/** A configuration, or its errors, with the files that it was read from. */
export type LoadedFiles = LoadedConfig & { readonly files: FilesRead };

/** {@link readConfig} with everything that this program has: all modes, RE2, its own key rings. */
export async function loadConfig(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
  options?: ReadOptions,
): Promise<LoadedFiles> {
  const { result, files } = await notingReads(
    () => readConfig(file, environment, tools, options),
    options?.isReload === true ? 'regular' : 'all',
  );
  return { ...result, files };
}

/** {@link readDocument} with everything that this program has. */
export async function loadDocument(source: ConfigSource, sources: SecretSources): Promise<LoadedConfig> {
  return await readDocument(source, sources, tools);
}

const tools: ConfigTools = {
  modes,
  compilePattern,
  problemOfKeys(keys) {
    const parsed = parseKeyRing(keys.reveal());
    return parsed.kind === 'invalid' ? parsed.problem : undefined;
  },
};

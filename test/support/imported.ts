import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compilePattern } from '../../src/adapters/re2js/compile-pattern.ts';
import type { Config } from '../../src/app/config/config.ts';
import { loadConfig } from '../../src/app/config/load-config.ts';
import type { Imported } from '../../src/app/import/imported.ts';
import { importOauth2Proxy, type Sources } from '../../src/app/import/oauth2-proxy/import.ts';

/** What an import is tried with: texts in place of files, by their names. */
export interface ImportAttempt extends Partial<Sources> {
  /** Text of oauth2-proxy.cfg. */
  readonly cfg?: string;
  /** Text of the alpha configuration. */
  readonly alpha?: string;
  /** Other files that options name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Translates. */
export function tryImport({ cfg, alpha, files = {}, ...sources }: ImportAttempt): Imported {
  const texts = new Map([
    ...Object.entries(files),
    ...(cfg === undefined ? [] : [['oauth2-proxy.cfg', cfg] as const]),
    ...(alpha === undefined ? [] : [['alpha.yaml', alpha] as const]),
  ]);
  return importOauth2Proxy(
    {
      file: cfg === undefined ? undefined : 'oauth2-proxy.cfg',
      alphaFile: alpha === undefined ? undefined : 'alpha.yaml',
      environmentFile: undefined,
      environment: undefined,
      flags: [],
      origins: [],
      ...sources,
    },
    {
      readText: (path) => texts.get(path),
      compiles: (source) => compilePattern(source).kind === 'ok',
      heading: ['Test.'],
    },
  );
}

/** The result of an import that has one. */
export function imported(attempt: ImportAttempt): { readonly yaml: string; readonly report: string } {
  const result = tryImport(attempt);
  if (result.kind === 'failed') throw new Error(`the import failed: ${JSON.stringify(result.problems)}`);
  return { yaml: result.yaml, report: result.report.join('\n') };
}

/** The configuration that a text becomes, as `check --no-secrets` reads it. Throws with the errors of one that is none. */
export async function configurationOf(
  yaml: string,
): Promise<{ readonly config: Config; readonly warnings: readonly string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-import-'));
  try {
    const file = join(folder, 'sallyport.yaml');
    await writeFile(file, yaml);
    const loaded = await loadConfig(file, {}, { readsSecrets: false });
    const warnings = loaded.warnings.map(({ path, problem }) => `${path}: ${problem}`);
    if (loaded.kind === 'ok') return { config: loaded.config, warnings };
    const errors = loaded.errors.map(({ path, problem }) => `${path}: ${problem}`).join('\n');
    throw new Error(`the result is no configuration:\n${errors}\n${yaml}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

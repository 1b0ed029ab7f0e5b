import { compilePattern } from '../../adapters/re2js/compile-pattern.ts';
import { importOauth2Proxy } from '../import/oauth2-proxy/import.ts';
import { knownRelease } from '../import/oauth2-proxy/options.ts';
import { readText } from './read-text.ts';
import { tellImported } from './tell-imported.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';

/** What `sallyport import oauth2-proxy` is called with. */
export interface ImportOptions {
  readonly file?: string;
  readonly envFile?: string;
  readonly env?: boolean;
  readonly alphaConfig?: string;
  readonly origin?: readonly string[];
  readonly report?: boolean;
}

/** `sallyport import oauth2-proxy`. */
export function importCommand(flags: readonly string[], options: ImportOptions, terminal: Terminal): number {
  const imported = importOauth2Proxy(
    {
      file: options.file,
      environmentFile: options.envFile,
      environment: options.env === true ? terminal.environment : undefined,
      alphaFile: options.alphaConfig,
      flags,
      origins: options.origin ?? [],
    },
    { readText, compiles: (source) => compilePattern(source).kind === 'ok', heading: headingLines() },
  );
  return tellImported(imported, options.report === true, terminal);
}

function headingLines(): readonly string[] {
  return [
    `Made by sallyport ${version()} import oauth2-proxy, which knows release ${knownRelease}. Read the comments, then:`,
    '  sallyport check --config sallyport.yaml',
  ];
}

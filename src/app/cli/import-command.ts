import { readFileSync } from 'node:fs';
import { compilePattern } from '../../adapters/re2js/compile-pattern.ts';
import { importOauth2Proxy } from '../import/oauth2-proxy/import.ts';
import { knownRelease } from '../import/oauth2-proxy/options.ts';
import { problemLines } from '../import/oauth2-proxy/report.ts';
import { exitCodes, type Terminal } from './terminal.ts';
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
  if (imported.kind === 'failed') {
    terminal.err(asText(problemLines(imported.problems)));
    return exitCodes.failed;
  }
  terminal.out(imported.yaml);
  if (options.report === true) terminal.out(`\n${asText(imported.report.map((line) => `# ${line}`.trimEnd()))}`);
  else terminal.err(asText(imported.report));
  return exitCodes.ok;
}

function headingLines(): readonly string[] {
  return [
    `Made by sallyport ${version()} import oauth2-proxy, which knows release ${knownRelease}. Read the comments, then:`,
    '  sallyport check --config sallyport.yaml',
  ];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // why matters little: the caller says which file it is
  }
}

// Names and patterns come from files; a terminal must not take one for a command.
function asText(lines: readonly string[]): string {
  return lines.map((line) => `${line.replaceAll(/\p{Cc}/gu, '\ufffd')}\n`).join('');
}

import type { Imported } from '../import/imported.ts';
import { problemLines } from '../import/report.ts';
import { exitCodes, type Terminal } from './terminal.ts';

/** Prints what became of an import, and yields the exit code. `withReport`: the report below the configuration. */
export function tellImported(imported: Imported, withReport: boolean, terminal: Terminal): number {
  if (imported.kind === 'failed') {
    terminal.err(asText(problemLines(imported.problems)));
    return exitCodes.failed;
  }
  terminal.out(imported.yaml);
  if (withReport) terminal.out(`\n${asText(imported.report.map((line) => `# ${line}`.trimEnd()))}`);
  else terminal.err(asText(imported.report));
  return exitCodes.ok;
}

// Names and patterns come from files; a terminal must not take one for a command.
function asText(lines: readonly string[]): string {
  return lines.map((line) => `${line.replaceAll(/\p{Cc}/gu, '\ufffd')}\n`).join('');
}

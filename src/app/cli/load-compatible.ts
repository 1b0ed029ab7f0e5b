import type { LoadedFiles } from '../config/load-config.ts';
import { problemLines } from '../import/report.ts';
import { printable } from './report.ts';
import type { Terminal } from './terminal.ts';

/** The configuration of `--compat oauth-agent`, from the environment; tells what is wrong or doubtful about it. */
export async function loadCompatible(terminal: Terminal): Promise<LoadedFiles> {
  const { loadOauthAgent } = await import('../import/oauth-agent/load.ts');
  const read = await loadOauthAgent(terminal.environment);
  const tell = (lines: readonly string[]) => terminal.err(lines.map((line) => `${printable(line)}\n`).join(''));
  if (read.kind === 'failed') {
    tell(problemLines(read.problems));
    return { kind: 'invalid', errors: [], warnings: [], files: new Map() };
  }
  const { loaded, remarks } = read;
  tell(remarks.map(({ options, text }) => `warning: ${options.join(', ')}: ${text}`));
  tell(
    loaded.warnings.flatMap(({ path, problem, suggestion }) => [
      `warning: ${path}: ${problem}`,
      ...(suggestion === undefined ? [] : [`    ${suggestion}`]),
    ]),
  );
  return loaded;
}

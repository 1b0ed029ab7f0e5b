import { Readable } from 'node:stream';
import { runProgram } from '../../src/app/cli/program.ts';

export interface CommandOutcome {
  readonly code: number;
  /** Standard output. */
  readonly out: string;
  /** Standard error. */
  readonly err: string;
}

/** A command of the CLI in this process, from its words to its exit code. `input`: what stands in its standard input. */
export async function runCommand(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input = '',
): Promise<CommandOutcome> {
  const wrote = { out: '', err: '' };
  const code = await runProgram(words, {
    environment,
    input: Readable.from([Buffer.from(input)]),
    out: (text) => {
      wrote.out += text;
    },
    err: (text) => {
      wrote.err += text;
    },
    untilAskedToStop: () => Promise.resolve('SIGINT'),
    onAskedToReload: () => undefined,
  });
  return { code, ...wrote };
}

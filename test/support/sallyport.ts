import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { newKeyRing, renderKeyRing } from '../../src/adapters/node-crypto/new-key-ring.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { systemRandom } from '../../src/adapters/system/random.ts';
import { beforeItEnds, type ProcessEnd, type RunningProcess, startProcess } from './process.ts';
import { root } from './tools.ts';
import { until } from './until.ts';

/** A Sallyport of the test's own, as operators run it: `sallyport serve --config`. */
export interface SallyportProcess {
  readonly pid: number;
  readonly configFile: string;
  readonly opsUrl: string;
  /** Its log so far, one object for each line. */
  logs(): readonly Readonly<Record<string, unknown>>[];
  output(): string;
  stop(signal?: NodeJS.Signals): Promise<ProcessEnd>;
}

/** A fresh key ring, as `sallyport keys new` prints it. */
export function freshKeyRing(): string {
  return renderKeyRing(newKeyRing(systemRandom, systemClock.now()));
}

/** Runs a command of the CLI to its end. */
export async function runSallyport(
  ...args: readonly string[]
): Promise<{ readonly code: number | undefined; readonly stdout: string; readonly output: string }> {
  const running = cli(args);
  const { code } = await running.ended;
  return { code, stdout: running.stdout(), output: running.output() };
}

/** Writes `config` as YAML to `file` and serves it. Resolves once it says that it is ready. */
export async function startSallyport(
  file: string,
  config: unknown,
  env: Readonly<Record<string, string>> = {},
): Promise<SallyportProcess> {
  await writeFile(file, stringify(config));
  const running = cli(['serve', '--config', file], env);
  const opsUrl = `http://${opsAddress(config)}`;
  const ready = until('Sallyport is ready', async () => (await fetch(`${opsUrl}/readyz`)).ok);
  await beforeItEnds('sallyport', running, ready);
  return {
    pid: running.pid,
    configFile: file,
    opsUrl,
    logs: () => parseLines(running.stdout()),
    output: running.output,
    stop: running.stop,
  };
}

function cli(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningProcess {
  const environment = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return startProcess({
    name: `sallyport ${args[0] ?? ''}`,
    command: process.execPath,
    args: [resolve(root, process.env['SALLYPORT_MAIN'] ?? 'src/main.ts'), ...args],
    env: { ...environment, ...env },
  });
}

function opsAddress(config: unknown): string {
  // The tests write the configuration themselves.
  return (config as { readonly listen: { readonly ops: string } }).listen.ops;
}

function parseLines(text: string): readonly Readonly<Record<string, unknown>>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>); // one JSON object a line is what the tests check
}

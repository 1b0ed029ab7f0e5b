import { spawn } from 'node:child_process';
import { atEnd } from './ends.ts';
import { guardProcess } from './guard.ts';
import { root } from './tools.ts';

export interface ProcessOptions {
  /** For error texts. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment; default: ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the checkout. */
  readonly cwd?: string;
  /** Another user than ours: only root can give one. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** A process that does not end within this time of being asked is killed; default 5,000. */
  readonly patienceMs?: number;
}

export interface ProcessEnd {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

/** A program of the test's own. The test file's end ends it. */
export interface RunningProcess {
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
  /** Undefined while it runs. */
  readonly end: ProcessEnd | undefined;
  /** Everything it wrote so far, stdout and stderr in order of arrival. */
  output(): string;
  stdout(): string;
  signal(name: NodeJS.Signals): void;
  /** Asks it to end and waits until it did. */
  stop(signal?: NodeJS.Signals): Promise<ProcessEnd>;
}

/** Starts a program. Throws when there is no such program; a program that ends at once is seen by `end`. */
export function startProcess(options: ProcessOptions): RunningProcess {
  const { name, command, args, cwd = root, patienceMs = 5000 } = options;
  const child = spawn(command, args, {
    cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options.user,
  });
  const { pid } = child;
  child.on('error', () => undefined); // told by the missing pid
  if (pid === undefined) throw new Error(`${name}: cannot start ${command}`);

  const written = { all: '', stdout: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.all += text;
    written.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written.all += text;
  });

  const release = guardProcess(pid);
  let end: ProcessEnd | undefined;
  const ended = new Promise<ProcessEnd>((resolve) => {
    // 'close', not 'exit': then all its output is here.
    child.on('close', (code, signal) => {
      end = { code: code ?? undefined, signal: signal ?? undefined };
      release();
      forget();
      resolve(end);
    });
  });

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ProcessEnd> {
    child.kill(signal);
    child.kill('SIGCONT'); // a stopped process hears nothing
    const late = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    const result = await ended;
    clearTimeout(late);
    return result;
  }
  const forget = atEnd(async () => void (await stop()));

  return {
    pid,
    ended,
    get end() {
      return end;
    },
    output: () => written.all,
    stdout: () => written.stdout,
    signal: (signal) => void child.kill(signal),
    stop,
  };
}

/** What `started` resolves to; where it rejects, or the program ends before, an error with what the program wrote last. */
export async function beforeItEnds<T>(name: string, running: RunningProcess, started: Promise<T>): Promise<T> {
  const failure = (what: string, cause?: unknown) =>
    new Error(`${name} ${what}:\n${running.output().slice(-3000)}`, { cause });
  const early = running.ended.then(({ code, signal }) => {
    throw failure(`ended (${signal ?? code})`);
  });
  const ready = started.catch((error: unknown) => {
    throw failure('did not start', error);
  });
  return Promise.race([ready, early]);
}

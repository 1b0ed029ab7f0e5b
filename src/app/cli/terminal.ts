/** What a command may touch of the process, so that tests can stand in for it. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly input: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean };
  /** Results: what another program or a file takes. */
  out(text: string): void;
  /** Errors, warnings and hints: what a person reads. */
  err(text: string): void;
  /** Listens for signals that ask the process to end, from the call on; resolves at the first. */
  untilAskedToStop(): Promise<StopSignal>;
  /** Calls `listener` whenever a signal asks the process to read its configuration again, from the call on. */
  onAskedToReload(listener: () => void): void;
}

/** SIGTERM: a supervisor asks. SIGINT: a person at a terminal does. */
export type StopSignal = 'SIGTERM' | 'SIGINT';

/** Exit codes, as `sallyport --help` lists them. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

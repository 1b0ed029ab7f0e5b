import { write, writeSync } from 'node:fs';

/** Where log lines go. */
export interface LineOutput {
  /** Takes a line and returns at once. */
  write(line: string): void;
  /** Writes what is waiting, before the process ends. Bounded in time; gives up where nobody reads. */
  flushSync(): void;
}

/** Characters that may wait for a slow reader; lines beyond them are dropped, because the memory is not ours alone. */
const maxWaiting = 8 * 1024 * 1024;
const maxChunk = 64 * 1024;
const flushAttempts = 50;
const pauseMilliseconds = 10;

/**
 * Lines to a file descriptor, written by libuv's threads so that a slow reader of a pipe does not hold up checks.
 *
 * In place of pino's own destination, whose flush at exit tries for ever when the reader is gone (sonic-boom 4):
 * Ctrl-C on `sallyport serve | tee log` would leave the process behind.
 */
export function createLineOutput(fileDescriptor: number): LineOutput {
  let waiting = '';
  /** What the system has been given and has not taken yet. */
  let inFlight: Buffer | undefined;
  let isBroken = false;

  const giveUp = () => {
    isBroken = true;
    waiting = '';
    inFlight = undefined;
  };
  const writeNext = () => {
    if (waiting === '') return;
    // Whole lines, about as many as a pipe holds: then little is in flight when the process ends.
    const end = waiting.length <= maxChunk ? waiting.length : waiting.lastIndexOf('\n', maxChunk) + 1 || waiting.length;
    inFlight = Buffer.from(waiting.slice(0, end));
    waiting = waiting.slice(end);
    writeOn(inFlight);
  };
  const writeOn = (rest: Buffer) => {
    write(fileDescriptor, rest, (error, written) => {
      if (error !== null) {
        if (!isBusy(error)) giveUp();
        else setTimeout(writeOn, pauseMilliseconds, rest);
        return;
      }
      if (written < rest.length) return writeOn(rest.subarray(written));
      inFlight = undefined;
      writeNext();
    });
  };

  return {
    write(line) {
      if (isBroken || waiting.length + line.length > maxWaiting) return;
      waiting += line;
      if (inFlight === undefined) writeNext();
    },
    flushSync() {
      // A write that a thread is doing cannot be waited for; a moment lets it end first, so that lines stay in order.
      if (inFlight !== undefined) pause();
      let rest = Buffer.from(waiting);
      waiting = '';
      for (let attempt = 0; rest.length > 0 && !isBroken && attempt < flushAttempts; attempt += 1) {
        try {
          rest = rest.subarray(writeSync(fileDescriptor, rest));
        } catch (error) {
          if (isBusy(error)) pause();
          else giveUp();
        }
      }
    },
  };
}

/** The descriptor does not block and its reader is slow. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMilliseconds);
}

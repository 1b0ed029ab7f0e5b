import { connect, type Socket } from 'node:net';
import { atEnd } from './ends.ts';

/** A TCP connection to 127.0.0.1 that is used badly on purpose. Closes with the test file. */
export interface RudeConnection {
  /** What came back so far, in latin-1. */
  readonly received: string;
  /** Whether the other side ended it. */
  readonly isEnded: boolean;
  close(): void;
}

/** How often a slow client sends its next byte. */
const dripMilliseconds = 400;

/** Sends `first`, and from then on a byte of `drip` now and then, over and over; without `drip` nothing more. */
export function openSlow(port: number, first: string, drip = ''): RudeConnection {
  const state = { received: '', isEnded: false };
  const socket = connectTo(port, state, () => {
    if (first !== '') socket.write(first, 'latin1');
  });
  let next = 0;
  const timer = setInterval(() => {
    if (drip === '' || state.isEnded) return;
    socket.write(drip[next % drip.length] ?? '', 'latin1');
    next += 1;
  }, dripMilliseconds).unref();
  return {
    get received() {
      return state.received;
    },
    get isEnded() {
      return state.isEnded;
    },
    close() {
      clearInterval(timer);
      socket.destroy();
    },
  };
}

/** What became of a body that was poured out as fast as it was taken. */
export interface Poured {
  /** Bytes of body that the other side, and the buffers on the way, took before it ended the connection. */
  readonly taken: number;
  /** Everything that came back, in latin-1. */
  readonly received: string;
}

/**
 * Sends `head` and then `piece` without an end. Resolves when the other side has ended the connection; rejects when it
 * took `limit` bytes, or when nothing moved for 20 s.
 */
export function pour(port: number, head: string, piece: string, limit: number): Promise<Poured> {
  const bytes = Buffer.from(piece, 'latin1');
  return new Promise((resolve, reject) => {
    const state = { received: '', isEnded: false };
    const taken = () => socket.bytesWritten - head.length - socket.writableLength;
    const send = () => {
      while (!state.isEnded && taken() < limit) if (!socket.write(bytes)) return;
      if (!state.isEnded) finish(new Error(`${limit} bytes were taken, and then: ${state.received.slice(0, 200)}`));
    };
    const finish = (error?: Error) => {
      socket.destroy();
      if (error === undefined) resolve({ taken: taken(), received: state.received });
      else reject(error);
    };
    const socket = connectTo(port, state, () => {
      socket.write(head, 'latin1');
      send();
    });
    socket.on('drain', send);
    socket.on('close', () => finish());
    socket.setTimeout(20_000, () => finish(new Error(`still open, after: ${state.received.slice(0, 200)}`)));
  });
}

function connectTo(port: number, state: { received: string; isEnded: boolean }, onConnect: () => void): Socket {
  const socket = connect(port, '127.0.0.1', onConnect);
  const forget = atEnd(async () => void socket.destroy());
  socket.on('data', (chunk) => {
    state.received += chunk.toString('latin1');
  });
  socket.on('error', () => undefined); // 'close' follows
  for (const event of ['end', 'close']) {
    socket.on(event, () => {
      state.isEnded = true;
    });
  }
  socket.on('close', forget);
  return socket;
}

/** The status of the first answer in what came back; 0 when there is none. */
export function statusOf(received: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(received)?.[1] ?? 0);
}

/** How many answers came back. */
export function answersIn(received: string): number {
  return received.split(/^HTTP\/1\.[01] \d{3} /m).length - 1;
}

import { connect } from 'node:net';
import { atEnd } from './ends.ts';

/** Frame types of RFC 9113 §6. */
export const frameType = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const endStream = 0x1;
export const endHeaders = 0x4;

/** A frame (RFC 9113 §4.1), whatever sense it makes. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A 32-bit number as payload: of RST_STREAM, WINDOW_UPDATE. */
export function number32(value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return payload;
}

/** Header fields as literals without indexing (RFC 7541 §6.2.2); names and values of up to 126 bytes. */
export function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  const literal = (text: string) => [Buffer.of(text.length), Buffer.from(text, 'latin1')];
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [Buffer.of(0), ...literal(name), ...literal(value)]),
  );
}

const preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(frameType.settings, 0, 0)]);

/** What became of a flood. */
export interface Flooded {
  /** Bytes of frames that the other side, and the buffers on the way, took. */
  readonly taken: number;
  /** Whether it ended the connection before everything was sent. */
  readonly isEnded: boolean;
  /** Frames that came back, by type. */
  readonly answers: ReadonlyMap<number, number>;
}

/**
 * Opens an HTTP/2 connection to a port of 127.0.0.1 and sends what `next` yields, as fast as it is taken, until there
 * is no more or the other side ends the connection. Then it sends a last PING and waits for its answer or the end.
 * `reads: false` leaves what comes back in the buffers up to then. Rejects when nothing moves for 20 s.
 */
export function flood(port: number, frames: Iterator<Uint8Array>, { reads = true } = {}): Promise<Flooded> {
  return new Promise((resolve, reject) => {
    const answers = new Map<number, number>();
    let received = Buffer.alloc(0);
    let isDone = false;
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(preface);
      send();
    });
    const forget = atEnd(async () => void socket.destroy());
    const finish = (isEnded: boolean) => {
      forget();
      resolve({ taken: socket.bytesWritten - preface.length - socket.writableLength, isEnded, answers });
      socket.destroy();
    };
    const send = () => {
      while (!isDone && !socket.destroyed) {
        const { done, value } = frames.next();
        if (done === true) {
          isDone = true;
          socket.write(lastPing);
          socket.resume();
        } else if (!socket.write(value)) return;
      }
    };
    socket.on('drain', send);
    if (!reads) socket.pause();
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      for (let length = lengthOf(received); length !== undefined; length = lengthOf(received)) {
        const type = received[3] ?? 0;
        answers.set(type, (answers.get(type) ?? 0) + 1);
        if (received.subarray(0, length).equals(lastPong)) return finish(false);
        received = received.subarray(length);
      }
    });
    socket.on('error', () => undefined); // 'close' follows
    socket.on('end', () => finish(true));
    socket.on('close', () => finish(true));
    socket.setTimeout(20_000, () => reject(new Error('the connection is open, and nothing moves')));
  });
}

const lastPing = frame(frameType.ping, 0, 0, Buffer.from('the last'));
const lastPong = frame(frameType.ping, 1, 0, Buffer.from('the last'));

/** Length of the first frame; undefined while it is not whole. */
function lengthOf(received: Buffer): number | undefined {
  if (received.length < 9) return undefined;
  const length = 9 + received.readUIntBE(0, 3);
  return received.length < length ? undefined : length;
}

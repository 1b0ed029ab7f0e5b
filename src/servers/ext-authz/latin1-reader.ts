import { BinaryReader } from '@bufbuild/protobuf/wire';

/**
 * Reads protobuf strings as latin-1: one character is one byte of the wire, which is what {@link HttpRequest}
 * promises, and no byte is lost or merged with another by decoding.
 *
 * The message becomes one string, and every field a slice of it: a native call for each of forty header names
 * and values would cost more than all the rest. A slice keeps the whole message alive, so whoever stores one
 * for longer than the request copies it.
 */
export class Latin1Reader extends BinaryReader {
  readonly #text: string;
  readonly #offset: number;

  constructor(message: Uint8Array) {
    super(message);
    this.#text = Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString('latin1');
    this.#offset = message.byteOffset;
  }

  /** Whether decoding used every byte: the generated code stops without an error at a tag it cannot go past. */
  get isAtEnd(): boolean {
    return this.pos === this.len;
  }

  override string(): string {
    const length = this.uint32();
    const start = this.pos;
    this.pos += length;
    if (this.pos > this.len) throw new RangeError('the message ends inside a string');
    return this.#text.slice(start, this.pos);
  }

  /** The text of a `bytes` field that this reader returned. */
  textOf(bytes: Uint8Array): string {
    const start = bytes.byteOffset - this.#offset;
    return this.#text.slice(start, start + bytes.byteLength);
  }
}

import fc, { type Arbitrary } from 'fast-check';
import type { JsonValue } from '../../src/core/json.ts';

/**
 * One character of Unicode, often a telling one. In place of fast-check's `binary` unit, which takes seconds to build
 * its tables.
 */
const anyCharacter: Arbitrary<string> = fc.oneof(
  fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
  fc.constantFrom('\0', '\t', '\n', '\r', '\x7f', '\u0085', '\u00a0', 'é', '\u2028', '\ufeff', '\uff0f', '🔑'),
  fc.integer({ min: 0, max: 0xd7ff }).map((code) => String.fromCodePoint(code)),
  fc.integer({ min: 0xe000, max: 0x10_ffff }).map((code) => String.fromCodePoint(code)),
);

/** Any well-formed text. */
export function anyText(maxLength = 12): Arbitrary<string> {
  return fc.string({ unit: anyCharacter, maxLength });
}

const json = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    anyText(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
    fc.constantFrom(null, true, false),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(anyText(), tie('value')), { maxLength: 4 }).map((pairs) => Object.fromEntries(pairs)),
  ),
}));

/** Any value that JSON gives back as it was. */
export const anyJson: Arbitrary<JsonValue> = json.value;

/** Any bytes, and those of any JSON. */
export const bytesOrJson: Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array(),
  fc.json().map((text) => new TextEncoder().encode(text)),
);

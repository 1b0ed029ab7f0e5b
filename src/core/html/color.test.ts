import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  black,
  type Color,
  colorText,
  contrast,
  firstReadable,
  madeReadable,
  mix,
  moreContrasting,
  parseColor,
  readableContrast,
  white,
} from './color.ts';

const channel = fc.integer({ min: 0, max: 255 });
const anyColor: fc.Arbitrary<Color> = fc.tuple(channel, channel, channel);

describe('parseColor', () => {
  it('reads #rrggbb in either case, and colorText writes it', () => {
    expect(parseColor('#1F5eff')).toEqual([31, 94, 255]);
    expect(colorText([31, 94, 0])).toBe('#1f5e00');
    fc.assert(fc.property(anyColor, (color) => void expect(parseColor(colorText(color))).toEqual(color)));
  });

  it.each([
    '',
    '#fff',
    '#1f5eff00',
    '1f5eff',
    'red',
    '#1f5efg',
    ' #1f5eff',
    '#1f5eff\n',
    '#1f5eff}body{',
    'rgb(0,0,0)',
  ])('reads no other text: %j', (text) => {
    expect(parseColor(text)).toBeUndefined();
  });
});

describe('contrast (WCAG 2.2)', () => {
  it.each([
    ['#000000', '#ffffff', 21],
    ['#ffffff', '#000000', 21],
    ['#777777', '#777777', 1],
    ['#767676', '#ffffff', 4.54],
    ['#ff0000', '#ffffff', 4],
    ['#0000ff', '#ffffff', 8.59],
  ])('of %s and %s is %d', (one, other, ratio) => {
    expect(contrast(parseColor(one) ?? black, parseColor(other) ?? black)).toBeCloseTo(ratio, 2);
  });

  it('of black or white is always enough', () => {
    fc.assert(fc.property(anyColor, (ground) => contrast(moreContrasting(ground), ground) >= readableContrast));
  });
});

describe('mix', () => {
  it('goes from one colour to the other', () => {
    expect([0, 0.5, 1].map((share) => mix([255, 0, 10], share, [0, 100, 10]))).toEqual([
      [0, 100, 10],
      [128, 50, 10],
      [255, 0, 10],
    ]);
  });
});

describe('firstReadable', () => {
  it('is the first colour that can be read, or the last of all', () => {
    expect(firstReadable([[200, 200, 200], [80, 80, 80], black], white)).toEqual([80, 80, 80]);
    expect(firstReadable([white, [200, 200, 200]], white)).toEqual([200, 200, 200]);
  });
});

describe('madeReadable', () => {
  it('leaves what can be read, and darkens or lightens the rest until it can', () => {
    expect(madeReadable([31, 94, 255], white)).toEqual([31, 94, 255]);
    expect(madeReadable([31, 94, 255], [20, 20, 20])).toEqual([65, 118, 255]);
    fc.assert(
      fc.property(anyColor, anyColor, (color, ground) => {
        return contrast(madeReadable(color, ground), ground) >= readableContrast;
      }),
    );
  });
});

/** A colour of sRGB: red, green and blue from 0 to 255. Numbers, so that none can carry CSS. */
export type Color = readonly [red: number, green: number, blue: number];

export const black: Color = [0, 0, 0];
export const white: Color = [255, 255, 255];

/** What text needs to be readable for most people (WCAG 2.2 §1.4.3, level AA). */
export const readableContrast = 4.5;

const hexadecimal = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i;

/** The colour that `#rrggbb` says; undefined for any other text. */
export function parseColor(text: string): Color | undefined {
  const [, red, green, blue] = hexadecimal.exec(text) ?? [];
  if (red === undefined || green === undefined || blue === undefined) return undefined;
  return [Number.parseInt(red, 16), Number.parseInt(green, 16), Number.parseInt(blue, 16)];
}

/** As CSS writes it: `#rrggbb`. */
export function colorText(color: Color): string {
  return `#${color.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

/** Contrast ratio of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(one: Color, other: Color): number {
  const [first, second] = [luminance(one), luminance(other)];
  return (Math.max(first, second) + 0.05) / (Math.min(first, second) + 0.05);
}

/** Between two colours; `share` is that of `color`, from 0 to 1. */
export function mix(color: Color, share: number, other: Color): Color {
  const channel = (index: 0 | 1 | 2) => Math.round(color[index] * share + other[index] * (1 - share));
  return [channel(0), channel(1), channel(2)];
}

/** The first of the colours that can be read on `ground`; the last where none can. */
export function firstReadable(colors: readonly [Color, ...Color[]], ground: Color): Color {
  const [first, ...others] = colors;
  return others.reduce((chosen, color) => (contrast(chosen, ground) >= readableContrast ? chosen : color), first);
}

/** The colour nearest to `color`, on its way to black or white, that can be read on `ground`. */
export function madeReadable(color: Color, ground: Color): Color {
  const end = moreContrasting(ground);
  const shares = Array.from({ length: 21 }, (_, index) => 1 - index / 20);
  return firstReadable([color, ...shares.map((share) => mix(color, share, end))], ground);
}

/** Black or white, whichever is easier to read on `ground`: one of them always is (at least 4.58). */
export function moreContrasting(ground: Color): Color {
  return contrast(white, ground) >= contrast(black, ground) ? white : black;
}

/** Relative luminance (WCAG 2.2). */
function luminance(color: Color): number {
  const [red, green, blue] = [linear(color[0]), linear(color[1]), linear(color[2])];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function linear(channel: number): number {
  const value = channel / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

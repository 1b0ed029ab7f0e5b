import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Color, contrast, madeReadable, parseColor, readableContrast } from './color.ts';
import { defaultLook, type Palette } from './look.ts';
import { stylesheetOf } from './stylesheet.ts';

const channel = fc.integer({ min: 0, max: 255 });
const color: fc.Arbitrary<Color> = fc.tuple(channel, channel, channel);
/** What the configuration lets through: text and accent can be read on the card. */
const palette: fc.Arbitrary<Palette> = fc
  .record({ accent: color, background: color, card: color, text: color })
  .map((any) => ({ ...any, accent: madeReadable(any.accent, any.card), text: madeReadable(any.text, any.card) }));

/** The variables of the first block, or of the one for dark pages. */
function variablesOf(stylesheet: string, scheme: 'light' | 'dark' = 'light'): ReadonlyMap<string, Color> {
  const [, light = '', dark = ''] = stylesheet.split(':root{');
  const block = (scheme === 'light' ? light : dark).split('}')[0] ?? '';
  return new Map(
    [...block.matchAll(/--([a-z-]+):(#[0-9a-f]{6})/g)].map(([, name = '', value = '']) => {
      const parsed = parseColor(value);
      if (parsed === undefined) throw new Error(`${name} is no colour`);
      return [name, parsed];
    }),
  );
}

/** Every pair of colours in which a page says something. */
function worstContrast(variables: ReadonlyMap<string, Color>): number {
  const pairs = [
    ['text', 'card'],
    ['muted', 'card'],
    ['accent', 'card'],
    ['bad', 'card'],
    ['on-accent', 'accent'],
  ] as const;
  return Math.min(
    ...pairs.map(([text, ground]) => contrast(variables.get(text) ?? [0, 0, 0], variables.get(ground) ?? [0, 0, 0])),
  );
}

describe('the stylesheet', () => {
  it('can be read in both schemes as it is (WCAG 2.2 §1.4.3)', () => {
    const stylesheet = stylesheetOf(defaultLook);
    expect(stylesheet).toContain('color-scheme:light dark;');
    expect(worstContrast(variablesOf(stylesheet, 'light'))).toBeGreaterThanOrEqual(readableContrast);
    expect(worstContrast(variablesOf(stylesheet, 'dark'))).toBeGreaterThanOrEqual(readableContrast);
  });

  it('can be read in every palette whose text and accent can be', () => {
    fc.assert(
      fc.property(palette, (light) => {
        return worstContrast(variablesOf(stylesheetOf({ ...defaultLook, light }))) >= readableContrast;
      }),
    );
  });

  it('is light for everybody where there are no dark colours', () => {
    const stylesheet = stylesheetOf({ ...defaultLook, dark: undefined });
    expect(stylesheet).toContain('color-scheme:light;');
    expect(stylesheet).not.toContain('prefers-color-scheme');
  });

  it('loads nothing, moves nothing and closes no element', () => {
    expect(stylesheetOf(defaultLook)).not.toMatch(/url\(|@import|@font-face|animation|transition|</);
  });
});

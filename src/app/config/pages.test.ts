import { describe, expect, it } from 'vitest';
import { configOf, document, errorsOf, readText } from '../../../test/support/config-text.ts';
import { defaultLook } from '../../core/html/look.ts';

const svg = '<?xml version="1.0"?>\n<!-- ours -->\n<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>\n';
const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');

async function lookOf(pages: string, files?: Readonly<Record<string, string | Uint8Array>>) {
  return (await configOf(document({ pages }), files)).pages;
}

async function errorOf(pages: string, files?: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  return (await errorsOf(document({ pages }), files)).join('\n').replaceAll(/\/\S+\/sallyport-config-\w+/g, 'F');
}

describe('pages', () => {
  it('have our look where nothing is said', async () => {
    expect((await configOf(document())).pages).toEqual(defaultLook);
    expect(await lookOf('{}')).toEqual(defaultLook);
    expect(await lookOf('{colors: {light: {}, dark: {}}}')).toEqual(defaultLook);
  });

  it('have a name, a logo and colours', async () => {
    const pages = '{name: Müller & Söhne, logo: our.svg, colors: {light: {accent: "#0a5"}}}';
    expect(await errorOf(pages, { 'our.svg': svg })).toBe(
      '8:71 pages.colors.light.accent: expected a colour as "#rrggbb"',
    );
    expect(await lookOf(pages.replace('#0a5', '#00704a'), { 'our.svg': svg })).toEqual({
      name: 'Müller & Söhne',
      logo: { mediaType: 'image/svg+xml', base64: Buffer.from(svg).toString('base64'), alternative: '' },
      light: { ...defaultLook.light, accent: [0, 112, 74] },
      dark: undefined,
    });
  });

  it('are light for everybody with light colours alone, and dark in the colours of `dark`', async () => {
    expect((await lookOf('{colors: {light: {background: "#ffffff"}, dark: {}}}')).dark).toEqual(defaultLook.dark);
    expect(await lookOf('{colors: {dark: {card: "#000000", background: "#111111"}}}')).toEqual({
      ...defaultLook,
      dark: { ...defaultLook.dark, card: [0, 0, 0], background: [17, 17, 17] },
    });
  });

  it('take a PNG by its content, with what it says', async () => {
    const { logo } = await lookOf('{logo: logo, logoText: Example}', { logo: png });
    expect(logo).toEqual({ mediaType: 'image/png', base64: png.toString('base64'), alternative: 'Example' });
  });

  it('need no logo where no file is read', async () => {
    const loaded = await readText(document({ pages: '{logo: no.svg, name: x}' }), {}, { readsSecrets: false });
    expect(loaded).toMatchObject({ kind: 'ok', config: { pages: { name: 'x', logo: undefined } } });
  });
});

describe('pages that will not do are refused with the reason:', () => {
  it.each([
    [
      '{colors: {light: {accent: "#77aaff"}}}',
      '8:34 pages.colors.light.accent: accent on card has a contrast of 2.3 to 1; expected at least 4.5 to 1, or many people cannot read it (write accent: "#5377b3", or choose another card)',
    ],
    [
      '{colors: {dark: {card: "#777777"}}}',
      [
        '8:31 pages.colors.dark.card: text on card has a contrast of 3.8 to 1; expected at least 4.5 to 1, or many people cannot read it (write text: "#000000", or choose another card)',
        '8:31 pages.colors.dark.card: accent on card has a contrast of 2 to 1; expected at least 4.5 to 1, or many people cannot read it (write accent: "#000000", or choose another card)',
      ].join('\n'),
    ],
    [
      '\n  colors:\n    light:\n      text: #123456',
      '11:13 pages.colors.light.text: expected a colour as "#rrggbb", in quotes: # begins a comment in YAML; found an empty value',
    ],
    [
      '{colors: {light: {link: "#123456"}}}',
      /pages\.colors\.light\.link: there is no setting of this name \(known here:/,
    ],
    ['{colors: {light: {card: "#ffffff}body{"}}}', /pages\.colors\.light\.card: expected a colour as "#rrggbb"/],
    ['{name: ""}', /pages\.name: expected at least 1 characters/],
    ['{name: "a\\nb"}', /pages\.name: expected one line of text/],
    ['{name: "a\\u202eb"}', /pages\.name: expected one line of text/],
    ['{logo: no.svg, name: x}', /pages\.logo: there is no such file \(relative paths are taken from F\)/],
    ['{logo: big.svg, name: x}', /pages\.logo: the file is larger than 64 KiB/],
    [
      '{logo: page.html, name: x}',
      /pages\.logo: the file is neither an SVG nor a PNG image \(save the logo as SVG or PNG\)/,
    ],
    ['{logo: cut.svg, name: x}', /pages\.logo: the file is neither an SVG nor a PNG image/],
    [
      '{logo: our.svg}',
      /pages\.logo: people who do not see the logo would learn nothing: expected a text for it \(add logoText/,
    ],
    ['{logoText: x}', /pages\.logoText: there is no logo that it could say something about \(remove it\)/],
  ])('%s', async (pages, expected) => {
    const files = {
      'our.svg': svg,
      'cut.svg': svg.slice(0, -10),
      'big.svg': svg.padEnd(65_537),
      'page.html': '<!doctype html><p>no</p>',
    };
    const error = await errorOf(pages, files);
    if (typeof expected === 'string') expect(error).toBe(expected);
    else expect(error).toMatch(expected);
  });
});

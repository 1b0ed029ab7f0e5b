import { colorText, contrast, madeReadable, parseColor, readableContrast } from '../../core/html/color.ts';
import { defaultLook, type Logo, type Look, type Palette } from '../../core/html/look.ts';
import { errorAt, type Finding } from './finding.ts';
import { readReferencedBytes } from './read-referenced-file.ts';
import type { Sections } from './sections.ts';

const maxLogoBytes = 65_536;

type PagesSettings = NonNullable<Sections['pages']>;
type PaletteSettings = PagesSettings['colors']['light'];

/** The look with its logo read; `found` gets an error for a logo or a colour that will not do. */
export async function readPages(pages: PagesSettings, configFile: string, found: Finding[]): Promise<Look> {
  const logo = await readLogo(pages, configFile, found);
  found.push(...problemsOfLogoText(pages), ...problemsOfColors(pages.colors));
  return lookOf(pages, logo);
}

/** The look with nothing read: without its logo. */
export function unreadPages(pages: PagesSettings): Look {
  return lookOf(pages, undefined);
}

function lookOf({ name, colors }: PagesSettings, logo: Logo | undefined): Look {
  const { light, dark } = colors;
  // With colours for light pages alone, ours in the dark would be another product's.
  const isLightOnly = light !== undefined && dark === undefined;
  return {
    name,
    logo,
    light: paletteOf(light, defaultLook.light),
    dark: isLightOnly ? undefined : paletteOf(dark, defaultLook.dark),
  };
}

function paletteOf(settings: PaletteSettings, standard: Palette): Palette {
  const color = (name: keyof Palette) => parseColor(settings?.[name] ?? '') ?? standard[name];
  return { accent: color('accent'), background: color('background'), card: color('card'), text: color('text') };
}

async function readLogo(pages: PagesSettings, configFile: string, found: Finding[]): Promise<Logo | undefined> {
  if (pages.logo === undefined) return undefined;
  const place = ['pages', 'logo'];
  const bytes = await readReferencedBytes({ configFile, path: pages.logo, place }, maxLogoBytes, found);
  if (bytes === undefined) return undefined;
  const mediaType = mediaTypeOf(bytes);
  if (mediaType === undefined) {
    found.push(errorAt(place, 'the file is neither an SVG nor a PNG image', 'save the logo as SVG or PNG'));
    return undefined;
  }
  return { mediaType, base64: Buffer.from(bytes).toString('base64'), alternative: pages.logoText ?? '' };
}

/** By content: names of files say nothing. An image of a browser runs no script, whatever is in the SVG. */
function mediaTypeOf(bytes: Uint8Array): Logo['mediaType'] | undefined {
  const beginning = Buffer.from(bytes).toString('latin1');
  if (beginning.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  return /^(?:\xef\xbb\xbf)?\s*<[\s\S]*<\/svg>\s*$/.test(beginning) && /<svg[\s>]/.test(beginning)
    ? 'image/svg+xml'
    : undefined;
}

function problemsOfLogoText({ name, logo, logoText }: PagesSettings): readonly Finding[] {
  if (logo === undefined && logoText !== undefined) {
    return [errorAt(['pages', 'logoText'], 'there is no logo that it could say something about', 'remove it')];
  }
  if (logo === undefined || name !== undefined || logoText !== undefined) return [];
  const problem = 'people who do not see the logo would learn nothing: expected a text for it';
  return [errorAt(['pages', 'logo'], problem, 'add logoText with what the logo says')];
}

function problemsOfColors({ light, dark }: PagesSettings['colors']): readonly Finding[] {
  return [
    ...problemsOfPalette(light, paletteOf(light, defaultLook.light), 'light'),
    ...problemsOfPalette(dark, paletteOf(dark, defaultLook.dark), 'dark'),
  ];
}

/** Only what is in the file can be wrong: the built-in colours fit each other. */
function problemsOfPalette(settings: PaletteSettings, palette: Palette, scheme: 'light' | 'dark'): readonly Finding[] {
  return (['text', 'accent'] as const).flatMap((name) => {
    const ratio = contrast(palette[name], palette.card);
    if (settings === undefined || ratio >= readableContrast) return [];
    // Cut off, not rounded: 4.49 is not 4.5.
    const found = Math.floor(ratio * 10) / 10;
    const problem = `${name} on card has a contrast of ${found} to 1; expected at least ${readableContrast} to 1, or many people cannot read it`;
    const readable = colorText(madeReadable(palette[name], palette.card));
    const place = settings[name] === undefined ? 'card' : name;
    const suggestion = `write ${name}: "${readable}", or choose another card`;
    return [errorAt(['pages', 'colors', scheme, place], problem, suggestion)];
  });
}

import type { Color } from './color.ts';

/** What an operator may change about our pages. */
export interface Look {
  /** Of the product or the company: above every page and behind every title; undefined for none. */
  readonly name: string | undefined;
  readonly logo: Logo | undefined;
  readonly light: Palette;
  /** For people who prefer dark pages; undefined: they get the light ones. */
  readonly dark: Palette | undefined;
}

export interface Logo {
  /** Shown as an image, where SVG can neither run scripts nor load anything (SVG 2 §2.2.6). */
  readonly mediaType: 'image/png' | 'image/svg+xml';
  readonly base64: string;
  /** Instead of the image, for those who do not see it; empty where the name beside it says all. */
  readonly alternative: string;
}

/** The colours that the others follow from. Text and accent are read on the card. */
export interface Palette {
  /** Links, buttons and the mark of the focus. */
  readonly accent: Color;
  readonly background: Color;
  readonly card: Color;
  readonly text: Color;
}

/** Sallyport's own. */
export const defaultLook: Look & { readonly dark: Palette } = {
  name: undefined,
  logo: undefined,
  light: { accent: [31, 94, 255], background: [244, 245, 247], card: [255, 255, 255], text: [28, 36, 48] },
  dark: { accent: [143, 176, 255], background: [16, 20, 27], card: [26, 32, 42], text: [232, 237, 244] },
};

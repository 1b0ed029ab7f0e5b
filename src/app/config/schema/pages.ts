import { z } from 'zod';
import { parseColor } from '../../../core/html/color.ts';

const color = (what: string) =>
  z
    .string({ error: 'expected a colour as "#rrggbb", in quotes: # begins a comment in YAML' })
    .refine((text) => parseColor(text) !== undefined, 'expected a colour as "#rrggbb"')
    .optional()
    .describe(what);

const palette = z.strictObject({
  accent: color('Links, buttons and the mark of the focus, read on the card.'),
  background: color('Behind the card.'),
  card: color('Behind everything that is read.'),
  text: color('Text on the card.'),
});

const shortText = z
  .string()
  .min(1)
  .max(80)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'expected one line of text');

/** How pages look that people see: refusals, logout, the login and consent pages of an issuer. */
export const pagesSchema = z
  .strictObject({
    name: shortText.optional().describe('Name of your product: above every page and behind its title.'),
    logo: z
      .string()
      .min(1)
      .optional()
      .describe('SVG or PNG file of at most 64 KiB, relative to this file: above every page, 40 pixels high.'),
    logoText: shortText
      .optional()
      .describe('What the logo says, for those who do not see it. Not needed where `name` stands beside it.'),
    colors: z
      .strictObject({
        light: palette.optional().describe('Of light pages. A colour that is left out is the built-in one.'),
        dark: palette
          .optional()
          .describe('Of pages for people who prefer dark ones. With `light` alone, everybody gets light pages.'),
      })
      .prefault({})
      .describe('Each as `"#rrggbb"`. Text and accent need a contrast of 4.5 to 1 with the card (WCAG 2.2 AA).'),
  })
  .prefault({})
  .describe('How the pages look that people see. Every page is in English and German, as the browser asks.');

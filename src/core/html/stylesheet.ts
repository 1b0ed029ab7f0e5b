import { type Color, colorText, firstReadable, mix, moreContrasting } from './color.ts';
import type { Look, Palette } from './look.ts';

/** The one stylesheet of all pages. It loads nothing and moves nothing. */
export function stylesheetOf({ light, dark }: Look): string {
  const schemes =
    dark === undefined
      ? `:root{color-scheme:light;${variablesOf(light)}}`
      : `:root{color-scheme:light dark;${variablesOf(light)}}
@media(prefers-color-scheme:dark){:root{${variablesOf(dark)}}}`;
  return `
${schemes}
${rules}
`;
}

/** Colours in which a problem is told, for light and for dark cards. */
const problemColors = [
  [179, 38, 30],
  [255, 180, 171],
] as const satisfies readonly Color[];

/** What the operator chose, and what follows from it so that it can be read. */
function variablesOf({ accent, background, card, text }: Palette): string {
  const colors: readonly (readonly [name: string, color: Color])[] = [
    ['bg', background],
    ['card', card],
    ['text', text],
    ['muted', firstReadable([mix(text, 0.7, card), mix(text, 0.8, card), mix(text, 0.9, card), text], card)],
    ['line', mix(text, 0.16, card)],
    ['accent', accent],
    ['on-accent', moreContrasting(accent)],
    ['bad', firstReadable([...problemColors, text], card)],
  ];
  return colors.map(([name, color]) => `--${name}:${colorText(color)}`).join(';');
}

const rules = `*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;grid-template-columns:minmax(0,1fr);place-items:center;padding:1.5rem;background:var(--bg);color:var(--text);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
.card{width:100%;max-width:28rem;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:2rem;box-shadow:0 8px 30px rgb(0 0 0/.06)}
.wide{max-width:52rem}
header{display:flex;flex-wrap:wrap;align-items:center;gap:.75rem;margin:0 0 1.5rem;font-weight:600}
header img{display:block;height:2.5rem;max-width:100%;object-fit:contain;object-position:left}
main>:last-child{margin-bottom:0}
h1{margin:0 0 .75rem;font-size:1.4rem;line-height:1.25;text-wrap:balance}
h2{margin:1.75rem 0 .5rem;font-size:1.05rem}
p{margin:0 0 1rem;text-wrap:pretty}
a{color:var(--accent)}
label{display:block;margin:1rem 0 .35rem;font-weight:600}
input{width:100%;padding:.65rem .75rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--muted);border-radius:8px}
button,.button{display:inline-block;max-width:100%;margin-top:1.25rem;padding:.7rem 1.2rem;font:inherit;font-weight:600;text-align:center;color:var(--on-accent);background:var(--accent);border:1px solid var(--accent);border-radius:8px;text-decoration:none;cursor:pointer}
button.plain,.button.plain{color:var(--text);background:transparent;border-color:var(--muted)}
.full{width:100%}
.full+.full{margin-top:.75rem}
.row{display:flex;gap:0 .75rem;flex-wrap:wrap}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.muted{color:var(--muted);font-size:.9rem}
.problem{color:var(--bad)}
code{display:inline-block;max-width:100%;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em}
table{width:100%;border-collapse:collapse;table-layout:fixed}
th,td{padding:.45rem .5rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{width:38%;font-weight:600}
@media(max-width:34rem){body{padding:.75rem}.card{padding:1.5rem 1.25rem}.row>*{flex:1 1 auto}tbody,tr,th,td{display:block;width:auto}th{padding:.5rem 0 0;border:0}td{padding:0 0 .5rem}}`;

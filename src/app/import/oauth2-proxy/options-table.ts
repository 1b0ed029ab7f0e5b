import type { Outcome } from '../outcome.ts';
import { keyOf, type Option } from './option.ts';
import { optionGroups } from './options.ts';

/** The table of docs/migrate-oauth2-proxy.md: every option and what becomes of it, as Markdown. */
export function optionsTable(): string {
  return optionGroups
    .map(([heading, options]) => `### ${heading}\n\n| option | key | becomes |\n| --- | --- | --- |\n${rows(options)}`)
    .join('\n');
}

function rows(options: readonly Option[]): string {
  return options
    .map(
      (option) =>
        `| \`--${option.flag}\` | ${option.isOnlyFlag === true ? '' : `\`${keyOf(option)}\``} | ${textOf(option.outcome).replaceAll('|', '\\|')} |\n`,
    )
    .join('');
}

function textOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'mapped':
      return `→ ${outcome.to.replaceAll('<', '\\<')}`;
    case 'none':
      return `**no equivalent**: ${outcome.instead.replaceAll('<', '\\<')}`;
    case 'unneeded':
      return `not needed: ${outcome.why}`;
    case 'refused':
      return `**refused**: ${outcome.why.replaceAll('<', '\\<')}`;
  }
}

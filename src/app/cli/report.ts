import { isAbsolute, relative } from 'node:path';
import { addressText } from '../../servers/address.ts';
import type { Config, ConfigError } from '../config/config.ts';

/** Findings as compilers print them: `file:line:column: path: problem`, the suggestion below. */
export function formatFindings(kind: 'error' | 'warning', findings: readonly ConfigError[]): string {
  if (findings.length === 0) return '';
  const count = `${findings.length} ${kind}${findings.length === 1 ? '' : 's'}`;
  return `${findings.map((finding) => formatFinding(kind, finding)).join('')}${count}\n`;
}

function formatFinding(kind: 'error' | 'warning', finding: ConfigError): string {
  const { line, column, path, problem, suggestion } = finding;
  const place = `${shortPath(finding.file)}:${line}:${column}`;
  const subject = path === '' ? '' : `${path}: `;
  const hint = suggestion === undefined ? '' : `    ${printable(suggestion)}\n`;
  return `${place}: ${kind}: ${printable(subject + problem)}\n${hint}`;
}

/** Names come from elsewhere; a terminal must not take one for a command. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** A path as short as it can be said. */
export function shortPath(file: string): string {
  const short = relative(process.cwd(), file);
  return short === '' || short.startsWith('..') || isAbsolute(short) ? file : short;
}

/** What a configuration sets up, in a few lines. */
export function summarize(config: Config): string {
  const { authz, http, ops } = config.listen;
  const instances = [...config.modes.values()].map(({ name, definition, settings }) => {
    const { basePath } = definition.common(settings);
    return basePath === undefined ? `${name} (${definition.name})` : `${name} (${definition.name} at ${basePath})`;
  });
  const rows: readonly (readonly [string, string])[] = [
    ['origins', config.origins.join(', ')],
    [
      'listen',
      `authz ${addressText(authz.address)}, http ${addressText(http.address)}, ops ${addressText(ops.address)}`,
    ],
    ['store', config.store.kind],
    ['providers', [...config.providers.values()].map(({ name, issuer }) => `${name} (${issuer})`).join(', ') || 'none'],
    ['instances', instances.join(', ') || 'none'],
    [
      'rules',
      config.rules.map(({ name, use }) => `${name}: ${use.kind === 'mode' ? use.instance : use.kind}`).join('; '),
    ],
  ];
  return `${shortPath(config.file)}: ok\n${rows.map(([name, text]) => `  ${name.padEnd(9)} ${text}\n`).join('')}`;
}

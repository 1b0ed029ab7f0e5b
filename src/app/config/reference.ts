import type { ModeDefinition } from '../../modes/mode.ts';
import { configJsonSchema } from './json-schema.ts';
import { childrenOf, describeDefault, describeKind, type SchemaPart } from './schema-words.ts';

const introduction = `# Configuration

<!-- Made by \`sallyport schema --format markdown\`. Do not edit: change the descriptions in the schema. -->

Sallyport reads one YAML file, \`sallyport.yaml\`: \`--config FILE\`, else \`$SALLYPORT_CONFIG\`, else \`./sallyport.yaml\`.
\`sallyport check\` reads it as \`serve\` does and reports every mistake with its line. Nothing is taken from the
environment except what the file names; \`serve --compat oauth-agent\` has no file and
[reads the environment of an OAuth agent](migrate-oauth-agent.md). Unknown settings are errors, and no value is converted: a number is not a string.

- **duration**: a whole number with a unit: \`30s\`, \`15m\`, \`12h\`, \`14d\`.
- **secret**: \`{file: path}\` (relative to the configuration file; one newline at its end is not part of it) or
  \`{env: NAME}\`. A secret never stands in the file itself.
- **required**: has no default.

Editors complete and check the file with the output of \`sallyport schema\`:
\`# yaml-language-server: $schema=sallyport.schema.json\` in the first line.
`;

/** docs/configuration.md: every setting with its kind, default and meaning, from the schemas themselves. */
export function configReference(modes: readonly ModeDefinition[]): string {
  const schema = configJsonSchema(modes) as SchemaPart; // what zod makes has the members of SchemaPart
  const sections = childrenOf(schema).map((child) => {
    return `## ${child.name}\n\n${paragraph(child.part.description)}${body(child.name, child.part, child.isRequired)}`;
  });
  return `${introduction}\n${sections.join('\n')}`;
}

function body(name: string, part: SchemaPart, isRequired: boolean): string {
  switch (name) {
    case 'modes':
      return instances(part);
    case 'rules':
      return `${table(rowsOf(part.items ?? {}, ''))}\n${requirements(part)}`;
    case 'providers':
      return table(rowsOf(mapValue(part), ''));
    case 'store':
      return alternatives(part, 'type');
    default:
      return part.type === 'object' ? table(rowsOf(part, '')) : `${summary(part, isRequired)}\n`;
  }
}

function instances(part: SchemaPart): string {
  const sections = (mapValue(part).anyOf ?? []).map((mode) => {
    return `### mode: ${mode.title}\n\n${table(rowsOf(mode, '').filter(([setting]) => setting !== '`mode`'))}`;
  });
  return sections.join('\n');
}

function requirements(part: SchemaPart): string {
  const require = part.items?.properties?.['require'];
  const sections = (require?.anyOf ?? [])
    .filter((mode) => childrenOf(mode).length > 0)
    .map((mode) => `### require, for instances of mode ${mode.title}\n\n${table(rowsOf(mode, ''))}`);
  return sections.join('\n');
}

function alternatives(part: SchemaPart, selector: string): string {
  const sections = (part.oneOf ?? part.anyOf ?? []).map((choice) => {
    const word = choice.properties?.[selector]?.const;
    return `### ${selector}: ${String(word)}\n\n${table(rowsOf(choice, '').filter(([name]) => name !== `\`${selector}\``))}`;
  });
  return sections.join('\n');
}

function mapValue(part: SchemaPart): SchemaPart {
  return typeof part.additionalProperties === 'object' ? part.additionalProperties : {};
}

type Row = readonly [setting: string, kind: string, standard: string, meaning: string];

/** A setting and, below it with dotted names, what it is made of. */
function rowsOf(part: SchemaPart, prefix: string): readonly Row[] {
  return childrenOf(part).flatMap(({ name, part: child, isRequired }): readonly Row[] => {
    const path = `${prefix}${name}`;
    const row: Row = [
      `\`${path}\``,
      describeKind(child),
      isRequired ? 'required' : describeDefault(child),
      child.description ?? '',
    ];
    const nested = nestedOf(child, path);
    const isMereGroup = nested.length > 0 && child.description === undefined && child.type === 'object';
    return isMereGroup ? nested : [row, ...nested];
  });
}

function nestedOf(part: SchemaPart, path: string): readonly Row[] {
  if (describeKind(part) === 'secret') return [];
  if (part.type === 'object') return rowsOf(part, `${path}.`);
  if (part.items?.type === 'object') return rowsOf(part.items, `${path}[].`);
  const map = (part.anyOf ?? []).find((choice) => choice.type === 'object');
  return map === undefined || path === 'require' ? [] : rowsOf(map, `${path}.`);
}

function table(rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const lines = rows.map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`);
  return `| setting | kind | default | meaning |\n| --- | --- | --- | --- |\n${lines.join('')}`;
}

function summary(part: SchemaPart, isRequired: boolean): string {
  return `Kind: ${describeKind(part)}; ${isRequired ? 'required' : `default: ${describeDefault(part)}`}.`;
}

function paragraph(text: string | undefined): string {
  return text === undefined ? '' : `${text}\n\n`;
}

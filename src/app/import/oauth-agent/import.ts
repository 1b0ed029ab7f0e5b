import { parseEnvironmentFile } from '../environment-file.ts';
import type { Imported } from '../imported.ts';
import { printConfiguration } from '../print.ts';
import { reportLines } from '../report.ts';
import { checkAgent } from './check-agent.ts';
import { convert } from './convert.ts';
import { type Environment, settingsIn } from './settings.ts';
import { variables } from './variables.ts';

/** Where the settings of the original are. */
export interface Sources {
  /** In place of `environment`. */
  readonly environmentFile: string | undefined;
  readonly environment: Environment;
  /** Where browsers reach the APIs, in place of SALLYPORT_ORIGINS. */
  readonly origins: readonly string[];
}

/** What the import touches. */
interface ImportTools {
  /** The text of a file; undefined when it cannot be read. */
  readText(path: string): string | undefined;
  readonly heading: readonly string[];
}

/** `sallyport import oauth-agent`. */
export function importOauthAgent({ environmentFile, environment, origins }: Sources, tools: ImportTools): Imported {
  const text = environmentFile === undefined ? undefined : tools.readText(environmentFile);
  if (environmentFile !== undefined && text === undefined) {
    const problem = { subject: environmentFile, problem: 'the file cannot be read', suggestion: undefined };
    return { kind: 'failed', problems: [problem] };
  }
  const named = text === undefined ? environment : Object.fromEntries(parseEnvironmentFile(text));
  const all = origins.length === 0 ? named : { ...named, SALLYPORT_ORIGINS: origins.join(',') };
  const converted = convert(all);
  if (converted.kind === 'failed') return converted;
  const { document, comments, remarks, originsFrom } = converted;
  const agent = checkAgent(document, originsFrom);
  if (agent.problems.length > 0) return { kind: 'failed', problems: agent.problems };
  const { origins: where, listen, ...rest } = document;
  const configuration = { origins: where, listen, keys: { file: 'keys.json' }, ...rest };
  const own = [
    { path: ['keys'], text: 'Make it: sallyport keys new --file keys.json. All replicas have the same.' },
    { path: ['rules'], text: 'Everything needs a login. Put a rule with use: public before it for what does not.' },
  ];
  const yaml = printConfiguration(configuration, [...own, ...comments], tools.heading);
  return { kind: 'done', yaml, report: reportOf(all, [...remarks, ...agent.remarks]) };
}

function reportOf(environment: Environment, remarks: Parameters<typeof reportLines>[1]): readonly string[] {
  const settings = settingsIn(environment);
  const told = variables
    .filter(({ name }) => settings.has(name))
    .map(({ name, outcome }) => ({ spelling: name, outcome }));
  const next = [
    ['keys', 'make the key ring: sallyport keys new --file keys.json'],
    ['envoy', 'say where Envoy listens and where the APIs are: envoy: {listen: host:port, workload: host:port}'],
  ] as const;
  const todos = next.map(([option, text]) => ({ kind: 'todo', options: [option], text }) as const);
  return reportLines(told, [...todos, ...remarks], (options) => options.join(', '));
}

import { parseEnvironmentFile } from '../environment-file.ts';
import type { Imported } from '../imported.ts';
import type { Problem } from '../problem.ts';
import { replacedByAlpha } from './alpha-fields.ts';
import { convert } from './convert.ts';
import { type Given, mergeReadings, textOf } from './given.ts';
import type { Compiles } from './open-paths.ts';
import type { AlphaParts } from './original.ts';
import { type AlphaReading, readAlpha } from './read-alpha.ts';
import { readEnvironment } from './read-environment.ts';
import { readFlags } from './read-flags.ts';
import { readToml } from './read-toml.ts';
import { reportOf } from './report.ts';

/** Where the settings of oauth2-proxy are. */
export interface Sources {
  /** oauth2-proxy.cfg. */
  readonly file: string | undefined;
  readonly environmentFile: string | undefined;
  /** Variables of this process; undefined when they are not asked for. */
  readonly environment: Readonly<Record<string, string | undefined>> | undefined;
  readonly alphaFile: string | undefined;
  readonly flags: readonly string[];
  readonly origins: readonly string[];
}

/** What the import touches. */
export interface ImportTools {
  /** The text of a file; undefined when it cannot be read. */
  readText(path: string): string | undefined;
  readonly compiles: Compiles;
  readonly heading: readonly string[];
}

/** `sallyport import oauth2-proxy`: flags over environment over file, as oauth2-proxy reads them. */
export function importOauth2Proxy(sources: Sources, tools: ImportTools): Imported {
  const problems: Problem[] = [];
  const flags = readFlags(sources.flags);
  const fromFlags = mergeReadings([flags]);
  const text = (path: string | undefined): string | undefined => {
    const content = path === undefined ? undefined : tools.readText(path);
    if (path !== undefined && content === undefined) {
      problems.push({ subject: path, problem: 'the file cannot be read', suggestion: undefined });
    }
    return content;
  };
  const filePath = sources.file ?? textOf(fromFlags, 'config');
  const file = text(filePath);
  const variables = new Map([
    ...parseEnvironmentFile(text(sources.environmentFile) ?? ''),
    ...Object.entries(sources.environment ?? {}).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    ),
  ]);
  const readings = [
    ...(file === undefined || filePath === undefined ? [] : [readToml(filePath, file)]),
    readEnvironment(Object.fromEntries(variables)),
    flags,
  ];
  const legacy = mergeReadings(readings);
  const alphaPath = sources.alphaFile ?? textOf(fromFlags, 'alpha-config');
  const alphaText = text(alphaPath);
  const alpha =
    alphaText === undefined || alphaPath === undefined ? undefined : readAlpha(alphaPath, alphaText, variables);
  problems.push(
    ...readings.flatMap((reading) => reading.problems),
    ...(alpha?.problems ?? []),
    ...clashes(legacy, alpha),
  );
  problems.push(...sources.origins.flatMap(problemOfOrigin));
  if (problems.length > 0) return { kind: 'failed', problems };

  const given = alpha === undefined ? legacy : mergeReadings([{ options: [...legacy.values()], problems: [] }, alpha]);
  const original = {
    given,
    alpha: alpha?.parts satisfies AlphaParts | undefined,
    origins: sources.origins,
    readText: tools.readText,
  };
  const converted = convert(original, tools.compiles, tools.heading);
  if (converted.kind === 'failed') return converted;
  return { kind: 'done', yaml: converted.yaml, report: reportOf(given, converted.remarks) };
}

function clashes(legacy: Given, alpha: AlphaReading | undefined): readonly Problem[] {
  if (alpha === undefined) return [];
  return [...legacy.values()]
    .filter(({ option }) => replacedByAlpha.has(option.flag))
    .map(({ spelling }) => ({
      subject: spelling,
      problem: 'it goes with no alpha configuration, and oauth2-proxy does not start with both',
      suggestion: 'remove it; the alpha configuration says it',
    }));
}

function problemOfOrigin(text: string): readonly Problem[] {
  if (URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text) return [];
  return [
    {
      subject: '--origin',
      problem: 'expected https://host[:port]',
      suggestion: 'as a browser writes it, without a path',
    },
  ];
}

import { resolve } from 'node:path';
import type { Secret } from '../../core/secret.ts';
import type { ModeDefinition } from '../../modes/mode.ts';
import { assemble } from './assemble.ts';
import { checkAdmin, checkAdminToken } from './checks/admin.ts';
import { checkEnvoy } from './checks/envoy.ts';
import { checkInstances } from './checks/instances.ts';
import { checkListeners } from './checks/listeners.ts';
import { checkModeSettings } from './checks/mode-settings.ts';
import { checkOpenRules } from './checks/open-rules.ts';
import { checkOrigins } from './checks/origins.ts';
import { checkProviders } from './checks/providers.ts';
import { checkRuleConditions, checkRuleNames, checkRulePaths } from './checks/rules.ts';
import { checkShadowedRules } from './checks/shadowed-rules.ts';
import { checkStore } from './checks/store.ts';
import { checkWorkload } from './checks/workload.ts';
import { type CompilePattern, compileRules } from './compile-rules.ts';
import type { ConfigError, LoadedConfig } from './config.ts';
import { errorAt, type Finding } from './finding.ts';
import { readListeners, unreadListeners } from './listeners.ts';
import { readPages, unreadPages } from './pages.ts';
import { readProviders, unreadProviders } from './providers.ts';
import { readSecrets, type SecretSources } from './secrets.ts';
import { parseSections, type Sections } from './sections.ts';
import { type ConfigSource, readSource } from './source.ts';
import { readStore, unreadStore } from './store.ts';

/** What the reader cannot decide by itself. */
export interface ConfigTools {
  readonly modes: readonly ModeDefinition[];
  readonly compilePattern: CompilePattern;
  /** What is wrong with the text of a key ring, quoting nothing of it; undefined when it is sound. */
  readonly problemOfKeys: (keys: Secret<string>) => string | undefined;
}

export interface ReadOptions {
  /**
   * False: secrets and certificates of listeners are left unread, for uses that need none. `reveal()` of such a
   * secret throws; certificates are empty.
   */
  readonly readsSecrets: boolean;
  /** True: a configuration serves already, and nobody may be looking: what looks unfinished is an error. */
  readonly isReload?: boolean;
}

/** Reads and checks `sallyport.yaml` whole: every error there is, each with its place. Throws nothing for a bad file. */
export async function readConfig(
  file: string,
  environment: SecretSources['environment'],
  tools: ConfigTools,
  options: ReadOptions = { readsSecrets: true },
): Promise<LoadedConfig> {
  const configFile = resolve(file);
  const source = await readSource(configFile, { mustBeFinished: options.isReload === true });
  return await readDocument(source, { configFile, environment }, tools, options);
}

/** As {@link readConfig}, for a document that is there already. */
export async function readDocument(
  source: ConfigSource,
  { configFile, environment }: SecretSources,
  tools: ConfigTools,
  options: ReadOptions = { readsSecrets: true },
): Promise<LoadedConfig> {
  if (source.value === undefined && source.errors.length > 0)
    return { kind: 'invalid', errors: source.errors, warnings: [] };

  const { sections, findings } = parseSections(source.value, tools.modes);
  const found = [...findings];
  const { readsSecrets } = options;
  const read = readsSecrets ? await readReferences(sections, { configFile, environment }, found) : sections;
  const listen =
    sections.listen &&
    (readsSecrets ? await readListeners(sections.listen, configFile, found) : unreadListeners(sections.listen));
  const store = read.store && (readsSecrets ? await readStore(read.store, configFile, found) : unreadStore(read.store));
  const providers = readsSecrets
    ? await readProviders(read.providers, configFile, found)
    : await unreadProviders(read.providers);
  const pages = read.pages && (readsSecrets ? await readPages(read.pages, configFile, found) : unreadPages(read.pages));
  found.push(
    ...checkSections(read, found),
    ...(readsSecrets ? [...checkKeys(read, found, tools), ...checkAdminToken(read, found)] : []),
  );
  const rules = compileRules(read, found, tools.compilePattern);
  const places = sections.rules.map(({ index }) => index);
  found.push(...checkOpenRules(rules, places), ...checkShadowedRules(rules, places));

  const errors = [...source.errors, ...locateAll(found, 'error', source)].sort(byPlace);
  const warnings = locateAll(found, 'warning', source).sort(byPlace);
  const config = listen && store && pages && assemble(configFile, read, { listen, store, providers, pages }, rules);
  if (errors.length > 0) return { kind: 'invalid', errors, warnings };
  // Every part that is missing has left an error; this guards against one that forgot to.
  if (config === undefined) throw new Error('the configuration is incomplete and nothing said so');
  return { kind: 'ok', config, warnings, locate: (finding) => source.locate(finding) };
}

async function readReferences(sections: Sections, sources: SecretSources, found: Finding[]): Promise<Sections> {
  const { keys, store, providers, modes, admin } = sections;
  return {
    ...sections,
    keys: await readSecrets(keys, ['keys'], found, sources),
    admin: await readSecrets(admin, ['admin'], found, sources),
    store: await readSecrets(store, ['store'], found, sources),
    providers: await readSecrets(providers, ['providers'], found, sources),
    modes: new Map(
      await Promise.all(
        [...modes].map(async ([name, { definition, settings }]) => {
          return [
            name,
            { definition, settings: await readSecrets(settings, ['modes', name], found, sources) },
          ] as const;
        }),
      ),
    ),
  };
}

function checkSections(sections: Sections, found: readonly Finding[]): readonly Finding[] {
  return [
    ...checkOrigins(sections),
    ...checkListeners(sections),
    ...checkAdmin(sections),
    ...checkStore(sections),
    ...checkProviders(sections),
    ...checkInstances(sections),
    ...checkModeSettings(sections, found),
    ...checkRuleNames(sections),
    ...checkRulePaths(sections),
    ...checkRuleConditions(sections),
    ...checkEnvoy(sections),
    ...checkWorkload(sections),
  ];
}

function checkKeys({ keys }: Sections, found: readonly Finding[], { problemOfKeys }: ConfigTools): readonly Finding[] {
  // Keys that could not be read have an error of their own.
  const isRead = keys !== undefined && !found.some(({ path }) => path[0] === 'keys');
  const problem = isRead ? problemOfKeys(keys) : undefined;
  return problem === undefined ? [] : [errorAt(['keys'], `not a usable key ring: ${problem}`)];
}

function locateAll(findings: readonly Finding[], severity: Finding['severity'], source: ConfigSource): ConfigError[] {
  return findings.filter((finding) => finding.severity === severity).map((finding) => source.locate(finding));
}

function byPlace(one: ConfigError, other: ConfigError): number {
  return one.line - other.line || one.column - other.column;
}

import { comment, decide, type Findings } from '../findings.ts';
import type { Admission } from './admission.ts';
import { fail } from './fail.ts';
import { isOn, listOf } from './given.ts';
import { keepsAuthorization } from './headers.ts';
import { type Compiles, type OpenPath, readOpenPath, wholePath, widthOf } from './open-paths.ts';
import type { Original } from './original.ts';
import type { Workload } from './upstreams.ts';

type RuleText = Readonly<Record<string, unknown>>;

/** `rules` of sallyport.yaml, in the order in which oauth2-proxy would decide. The last one is for everything left. */
export function rulesOf(
  original: Original,
  admission: Admission,
  workload: Workload,
  compiles: Compiles,
  found: Findings,
): readonly RuleText[] {
  const rules: RuleText[] = [];
  const add = (rule: RuleText, ...comments: readonly string[]): void => {
    for (const text of comments) comment(found, ['rules', rules.length], text);
    rules.push(rule);
  };
  const login = loginRule(original, admission);
  for (const { path, target } of workload.elsewhere) {
    const place = upstreamPath(path);
    add({ path: place, use: 'deny' }, `Went to ${target}: route it in your Envoy, then name who may come in.`);
  }
  addOpenPaths(original, login, compiles, found, add);
  const why =
    admission.kind === 'deny' ? [`${capital(admission.why)}: decide who may come in, and write use: web.`] : [];
  // A negated entry for every method leaves nothing.
  if (rules.some(({ path, methods }) => path === undefined && methods === undefined)) return rules;
  const rest = workload.paths;
  if (rest === undefined) add({ name: 'login', ...login }, ...why);
  else {
    rest.forEach((path, index) => {
      const note = `Paths that the upstream got; others were answered with 404, and are denied.`;
      add({ path: upstreamPath(path), ...login }, ...(index === 0 ? [note, ...why] : []));
    });
  }
  return rules;
}

/** What decides where a login is needed. */
function loginRule({ given }: Original, admission: Admission): RuleText {
  if (admission.kind === 'deny') return { use: 'deny' };
  const { requirements } = admission;
  return {
    use: 'web',
    ...(Object.keys(requirements).length === 0 ? {} : { require: requirements }),
    ...(isOn(given, 'skip-auth-preflight') ? { passPreflight: true } : {}),
  };
}

/** One path, or with a slash at the end what is below it. */
function upstreamPath(path: string): RuleText {
  if (!path.startsWith('/') || /[?#;\\%]|\/\/|\/\.{1,2}(?:\/|$)/.test(path)) return { prefix: '/' };
  return path.endsWith('/') ? { prefix: path === '/' ? path : path.slice(0, -1) } : { exact: path };
}

function addOpenPaths(
  original: Original,
  login: RuleText,
  compiles: Compiles,
  found: Findings,
  add: (rule: RuleText, ...comments: readonly string[]) => void,
): void {
  const open = entriesOf(original).flatMap((entry) => {
    const path = usablePath(entry, compiles, found);
    return path === undefined ? [] : [{ entry, path }];
  });
  const use = { use: 'public', ...(keepsAuthorization(original) ? { keepAuthorization: true } : {}) };
  for (const { entry, path } of open.filter(({ entry: { isNegated } }) => !isNegated)) {
    add({ path, ...methodsOf(entry), ...use }, ...remarksOn(entry, found));
  }
  // A request that any of them opens is open: what each protects comes before what the others open.
  const negated = open.filter(({ entry: { isNegated } }) => isNegated);
  for (const { entry, path } of negated) {
    add({ path, ...methodsOf(entry), ...login }, `Needs a login: what ${quoted(entry)} does not open.`);
  }
  for (const { entry } of negated) {
    decide(found, [entry.flag], `${quoted(entry)} opens every other path; it is safer to name what is open`);
    add({ ...methodsOf(entry), ...use }, `Everything else, as ${quoted(entry)}: safer is to name what is open.`);
  }
}

interface Entry extends OpenPath {
  readonly flag: string;
}

function entriesOf({ given }: Original): readonly Entry[] {
  const regexes = listOf(given, 'skip-auth-regex').map((pattern) => ({
    flag: 'skip-auth-regex',
    text: pattern,
    method: undefined,
    pattern,
    isNegated: false,
  }));
  const routes = listOf(given, 'skip-auth-route').map((text) => ({ flag: 'skip-auth-route', ...readOpenPath(text) }));
  const all = [...regexes, ...routes];
  return all.filter((entry, index) => all.findIndex(({ text }) => text === entry.text) === index);
}

function usablePath(entry: Entry, compiles: Compiles, found: Findings): RuleText | undefined {
  const { flag, method, pattern } = entry;
  if (!compiles(pattern)) {
    fail(found, flag, `${quoted(entry)} is no regular expression (RE2)`);
    return undefined;
  }
  if (method !== undefined && !/^[A-Z][A-Z-]{0,31}$/.test(method)) {
    decide(found, [flag], `${quoted(entry)} opens nothing: what stands before = is read as a method`);
    return undefined;
  }
  const path = wholePath(pattern, compiles);
  if (path === undefined) decide(found, [flag], `${quoted(entry)} cannot be a rule, and opens nothing here`);
  return path;
}

function methodsOf({ method }: OpenPath): { readonly methods?: readonly string[] } {
  return method === undefined ? {} : { methods: [method] };
}

/** Comments of an entry. oauth2-proxy looks for a pattern anywhere in the path, which has opened more than was meant. */
function remarksOn(entry: Entry, found: Findings): readonly string[] {
  const { flag, pattern } = entry;
  const asBefore = `${flag} ${quoted(entry)}`;
  switch (widthOf(pattern)) {
    case undefined:
      return [asBefore];
    case 'everything':
      decide(found, [flag], `${quoted(entry)} opens every path: no login is ever asked for there`);
      return [`${asBefore}: opens every path!`];
    case 'anywhere':
      decide(found, [flag], `${quoted(entry)} matches anywhere in a path (/admin/… too): begin it with ^`);
      return [
        `${asBefore}: as before it opens every path that has this anywhere in it. Meant a prefix? Write prefix:.`,
      ];
    case 'continued':
      decide(found, [flag], `${quoted(entry)} also opens longer names: end it with $, or with (/|$)`);
      return [`${asBefore}: as before it opens longer names too. Meant whole segments? Write prefix:.`];
  }
}

function quoted({ text }: OpenPath): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}…` : text);
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

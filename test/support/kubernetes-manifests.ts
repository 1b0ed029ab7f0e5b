import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { root } from './tools.ts';

/** One object of the Kubernetes API, as a file below k8s/ has it. */
export interface Manifest {
  readonly file: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever a file holds; the tests say what they expect of it
  readonly value: any;
}

/** What one `kubectl apply -f FOLDER` sends, in order of the files. */
export function manifestsOf(folder: string): readonly Manifest[] {
  return filesOf(folder).flatMap((file) =>
    documentsOf(file).map((value) => ({
      file,
      kind: value.kind,
      name: value.metadata?.name,
      namespace: value.metadata?.namespace ?? '',
      value,
    })),
  );
}

/** The files of manifests in a folder of k8s/; not kustomizations, and not the values of a chart. */
export function filesOf(folder: string): readonly string[] {
  const files = globSync(join('k8s', folder, '**/*.yaml'), { cwd: root }).sort();
  return files.filter((file) => !['kustomization.yaml', 'istiod-values.yaml'].includes(basename(file)));
}

/** The documents of a YAML file. Throws where YAML 1.1 (kubectl's) and 1.2 read it differently: `yes`, `0440`. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export function documentsOf(file: string): readonly any[] {
  const text = readFileSync(join(root, file), 'utf8');
  const [old = [], young = []] = (['1.1', '1.2'] as const).map((version) =>
    parseAllDocuments(text, { version }).map((document) => {
      const [error] = document.errors;
      if (error !== undefined) throw new Error(`${file}: ${error.message}`);
      return document.toJS();
    }),
  );
  if (JSON.stringify(old) !== JSON.stringify(young)) throw new Error(`${file}: YAML 1.1 and 1.2 read it differently`);
  return young;
}

/** The object of this kind and name; throws where there is not exactly one. */
export function only(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.filter((each) => each.kind === kind && each.name === name);
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`${found.length} objects ${kind} ${name}`);
  return first;
}

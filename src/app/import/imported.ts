import type { Problem } from './problem.ts';

/** What became of an import: sallyport.yaml and what a person should know of it, or why there is none. */
export type Imported =
  | { readonly kind: 'done'; readonly yaml: string; readonly report: readonly string[] }
  | { readonly kind: 'failed'; readonly problems: readonly Problem[] };

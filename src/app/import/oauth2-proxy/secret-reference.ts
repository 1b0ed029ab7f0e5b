import { type Findings, todo } from '../findings.ts';
import { textOf } from './given.ts';
import { variableOf } from './option.ts';
import { optionOf } from './options.ts';
import type { Original } from './original.ts';

/** Where a secret is, as sallyport.yaml says it; never the secret. */
export type SecretReference = { readonly env: string } | { readonly file: string };

/**
 * A reference to the secret of an option, or to the file that another option names; undefined when neither is set.
 * A secret that stood in a file or on the command line goes into the variable that oauth2-proxy would read it from.
 */
export function secretReference(
  { given, alpha }: Original,
  flag: string,
  fileFlag: string | undefined,
  found: Findings,
): SecretReference | undefined {
  if (textOf(given, flag) !== undefined) {
    const variable = alpha?.variables.get(flag);
    if (variable !== undefined) return { env: variable };
    const env = variableOf(optionOf(flag));
    if (given.get(flag)?.source !== 'environment') {
      todo(found, [flag], `the value is not in the result: put it into the environment variable ${env}, or a file`);
    }
    return { env };
  }
  const file = fileFlag === undefined ? undefined : textOf(given, fileFlag);
  return file === undefined ? undefined : { file };
}

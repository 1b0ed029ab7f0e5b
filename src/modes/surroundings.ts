import type { Secret } from '../core/secret.ts';

/** What a mode may know of a provider before anybody has asked it. */
export interface ProviderFacts {
  /** How the answer to a login comes back. */
  readonly responseMode: 'query' | 'form_post';
  /** Metadata that the operator has written down; undefined where it is discovered. */
  readonly metadata?: { readonly introspection_endpoint?: string | undefined } | undefined;
}

/** The rest of the configuration, as far as it decides whether the settings of an instance make sense. */
export interface Surroundings {
  /** As the configuration writes them, wildcards too. Empty where one of them is wrong: then nothing can be said. */
  readonly origins: readonly string[];
  /** Those of `origins` where rules name the instance; all of them where no rule does. */
  readonly guardedOrigins: readonly string[];
  /** By instance, this one too. */
  readonly basePaths: ReadonlyMap<string, string>;
  /** Providers whose own settings are right. */
  readonly providers: ReadonlyMap<string, ProviderFacts>;
  /** What is wrong with a key that other programs have too; undefined when it is sound or was not read. */
  readonly problemOfSharedKey: (key: Secret<string>) => string | undefined;
}

/** Something wrong or doubtful about settings that are right by themselves. */
export interface SettingsFinding {
  readonly kind: 'error' | 'warning';
  /** From the settings of the instance on: `['cookie', 'domain']`. */
  readonly path: readonly (string | number)[];
  /** Never a value of the configuration. */
  readonly problem: string;
  readonly fix: string;
}

/** A part of an Envoy configuration, as it is printed. */
export type EnvoyValue = string | number | boolean | readonly EnvoyValue[] | EnvoyObject;

export interface EnvoyObject {
  readonly [name: string]: EnvoyValue;
}

/** A message of one of Envoy's extensions; `type` without the common prefix. */
export function typed(type: string, fields: EnvoyObject = {}): EnvoyObject {
  return { '@type': `type.googleapis.com/${type}`, ...fields };
}

/** A duration in protobuf's JSON form. */
export function duration(seconds: number): string {
  return `${seconds}s`;
}

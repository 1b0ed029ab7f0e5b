import { Secret } from '../core/secret.ts';

/** Whether two settings say the same, by value: maps, lists and secrets are looked into. When unsure, false. */
export function isSameSetting(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (one instanceof Secret && other instanceof Secret) return isSameSetting(one.reveal(), other.reveal());
  if (one instanceof Map && other instanceof Map) return isSameSetting([...one], [...other]);
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => isSameSetting(item, other[index]));
  }
  if (!isPlain(one) || !isPlain(other)) return false;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => isSameSetting(one[name], other[name]));
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;
}

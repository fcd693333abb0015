import { type ProfileState, STATE_SCHEMA } from './profile-state.ts';

/** Checks that a value out of a file has the shape of a state: whatever wrote or damaged it. */

export type ShapeCheck =
  | { state: ProfileState; problem?: undefined; newer?: undefined }
  | { state?: undefined; problem: string; newer: boolean };

type Fields = Readonly<Record<string, Check>>;
/** The path of what is wrong, or undefined. */
type Check = (value: unknown, at: string) => string | undefined;

const text: Check = (value, at) => (typeof value === 'string' ? undefined : at);
const number: Check = (value, at) => (typeof value === 'number' && Number.isFinite(value) ? undefined : at);
const count: Check = (value, at) => (Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : at);
const date: Check = (value, at) =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? undefined : at;
const yes: Check = (value, at) => (value === true ? undefined : at);
const optional =
  (check: Check): Check =>
  (value, at) =>
    value === undefined ? undefined : check(value, at);
const object =
  (fields: Fields): Check =>
  (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return at;
    for (const [name, check] of Object.entries(fields)) {
      const wrong = check((value as Record<string, unknown>)[name], at === '' ? name : `${at}.${name}`);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };

const direction = object({
  lastAttempt: optional(
    object({ at: date, dry: optional(yes), exitCode: count, stage: optional(text), error: optional(text) }),
  ),
  lastSuccess: optional(
    object({
      at: date,
      duration: count,
      counts: object({ transferred: count, deleted: count, total: count }),
      bytes: count,
      literal: count,
      matched: count,
    }),
  ),
});

const state = object({
  identity: object({ profile: text, localRoot: text, remote: text }),
  hostKey: optional(text),
  peer: optional(object({ version: optional(text), protocol: count, checksum: text, compressor: text })),
  pull: direction,
  push: direction,
  filterHash: optional(text),
  baseDigest: optional(text),
  clockSkew: optional(number),
});

/** Unknown fields are let through: a later release of the same schema may have added them. */
export function validateState(value: unknown): ShapeCheck {
  const schema = (value as { schema?: unknown } | null)?.schema;
  if (typeof schema === 'number' && schema > STATE_SCHEMA) {
    return { problem: `it was written by a later release (schema ${schema})`, newer: true };
  }
  if (schema !== STATE_SCHEMA) return { problem: 'it has no schema that is known', newer: false };
  const wrong = state(value, '');
  if (wrong !== undefined) return { problem: `its field ${wrong} is not what it should be`, newer: false };
  return { state: value as ProfileState };
}

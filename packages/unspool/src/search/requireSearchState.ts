/** Whether what a search is handed as its state is one: data that JSON or a clone has robbed of its tensors is none. */
import { Tensor } from "../array/index.ts";
import { OptionError } from "../errors.ts";

/**
 * Throws `OptionError` unless `given` has the fields `names`, and tensors in those called `tensors` ("best", "start.theta").
 */
export function requireSearchState(
  where: string,
  given: unknown,
  names: readonly string[],
  tensors: readonly string[],
): void {
  if (typeof given !== "object" || given === null) throw noState(where, given);
  const missing = names.filter((name) => !(name in given));
  if (missing.length > 0)
    throw noState(where, given, `It has no "${missing[0]}": is it the state of another search?`);
  const lost = tensors.find((path) => !isWhole(at(given, path)));
  if (lost === undefined) return;
  throw noState(
    where,
    given,
    `Its "${lost}" is no tensor. A state holds tensors, which JSON and structuredClone lose: keep it by encodeState and decodeState.`,
  );
}

function noState(where: string, given: unknown, hint?: string): OptionError {
  return new OptionError(where, "state", given, "what init, ask or tell gave", hint);
}

/** What JSON and clones leave of a tensor still says that it is one, and can do nothing. */
const isWhole = (value: unknown): boolean =>
  typeof (value as Partial<Tensor> | null | undefined)?.item === "function" && Tensor.is(value);

const at = (record: object, path: string): unknown =>
  path.split(".").reduce<unknown>((of, name) => (of as Record<string, unknown> | null)?.[name], record);

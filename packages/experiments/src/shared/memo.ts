/** Results that are wanted more than once: by the table and by the figures of a run. */

/** `fn`, which is called once per argument object. */
export function memo<Argument extends object, Result>(
  fn: (argument: Argument) => Result,
): (argument: Argument) => Result {
  const known = new WeakMap<Argument, Result>();
  return (argument) => {
    let result = known.get(argument);
    if (result === undefined) {
      result = fn(argument);
      known.set(argument, result);
    }
    return result;
  };
}

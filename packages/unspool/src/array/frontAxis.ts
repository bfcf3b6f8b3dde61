/** Moving the axis along which a value is mapped. */
import * as jax from "@jax-js/jax";
import type { Raw } from "./jaxprs.ts";
import type { BatchAxis } from "./ruleTables.ts";

/** `raw` with its mapped axis at `to`; a value that is not mapped is repeated. */
export function atAxis(raw: Raw, axis: BatchAxis, to: number, size: number): Raw {
  if (axis === to) return raw;
  if (axis !== null) return jax.numpy.moveaxis(raw, axis, to);
  const { shape } = raw;
  const whole = [...shape.slice(0, to), size, ...shape.slice(to)];
  return jax.numpy.broadcastTo(raw.reshape([...shape.slice(0, to), 1, ...shape.slice(to)]), whole);
}

/** `raw` with its mapped axis in front; a value that is not mapped is repeated. */
export function atFront(raw: Raw, axis: BatchAxis, size: number): Raw {
  return atAxis(raw, axis, 0, size);
}

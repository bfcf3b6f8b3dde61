/** Low-level functions of jax-js, lifted. */
import * as jax from "@jax-js/jax";
import { erf, erfc } from "./exact.ts";
import { guardAll } from "./guard.ts";
import { laxSignatures, onTensor } from "./signatures.ts";
import { lift } from "./lift.ts";
import type { Lifted } from "./liftTypes.ts";
import { liftStructural } from "./promotion.ts";
import type { Tensor } from "./tensor.ts";

type JaxLax = typeof jax.lax;

const rawTopK = lift(jax.lax.topK) as (...args: unknown[]) => [Tensor, Tensor];
/** jax-js 0.1.25 counts places in float32 where a traced tensor is mapped. */
const topKWhole = (...args: unknown[]): [Tensor, Tensor] => {
  const [values, places] = rawTopK(...args);
  return [values, places.dtype === "int32" ? places : places.astype("int32")];
};

export interface Lax {
  erf: Lifted<JaxLax["erf"]>;
  erfc: Lifted<JaxLax["erfc"]>;
  stopGradient: Lifted<JaxLax["stopGradient"]>;
  topK: Lifted<JaxLax["topK"]>;
  convGeneralDilated: Lifted<JaxLax["convGeneralDilated"]>;
  bitcastConvertType: Lifted<JaxLax["bitcastConvertType"]>;
}

export const lax: Lax = guardAll(
  "lax",
  {
    erf,
    erfc,
    stopGradient: lift(jax.lax.stopGradient),
    topK: topKWhole,
    convGeneralDilated: liftStructural("convGeneralDilated", jax.lax.convGeneralDilated),
    bitcastConvertType: lift(jax.lax.bitcastConvertType),
  } as unknown as Lax,
  laxSignatures,
  { ...onTensor, isOpen: true },
);

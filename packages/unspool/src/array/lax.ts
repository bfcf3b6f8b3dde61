/** Low-level functions of jax-js, lifted. */
import * as jax from "@jax-js/jax";
import { erf, erfc } from "./exact.ts";
import { guardAll } from "./guard.ts";
import { laxSignatures, onTensor } from "./signatures.ts";
import { lift } from "./lift.ts";
import type { Lifted } from "./liftTypes.ts";
import { liftStructural } from "./promotion.ts";

type JaxLax = typeof jax.lax;

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
    topK: lift(jax.lax.topK),
    convGeneralDilated: liftStructural("convGeneralDilated", jax.lax.convGeneralDilated),
    bitcastConvertType: lift(jax.lax.bitcastConvertType),
  } as Lax,
  laxSignatures,
  { ...onTensor, isOpen: true },
);

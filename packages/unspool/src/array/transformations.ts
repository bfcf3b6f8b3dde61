/** The transformations as users call them: an argument or an option that none of them reads is refused. */
import { customJvp as customJvpOf } from "./customJvp.ts";
import { customVjp as customVjpOf } from "./customVjp.ts";
import { guard } from "./guard.ts";
import { scan as scanOf } from "./scan.ts";
import { makeJaxpr as makeJaxprOf } from "./trace.ts";
import * as transforms from "./transforms.ts";

/** They call the functions that they are given, which are outside again. */
const open = <F>(name: string, fn: F): F => guard(name, fn, { isOpen: true });

export const customJvp: typeof customJvpOf = open("customJvp", customJvpOf);
export const customVjp: typeof customVjpOf = open("customVjp", customVjpOf);
export const grad: typeof transforms.grad = open("grad", transforms.grad);
export const hessian: typeof transforms.hessian = open("hessian", transforms.hessian);
export const jacobian: typeof transforms.jacobian = open("jacobian", transforms.jacobian);
export const jit: typeof transforms.jit = open("jit", transforms.jit);
export const jvp: typeof transforms.jvp = open("jvp", transforms.jvp);
export const makeJaxpr: typeof makeJaxprOf = open("makeJaxpr", makeJaxprOf);
export const scan: typeof scanOf = open("scan", scanOf);
export const valueAndGrad: typeof transforms.valueAndGrad = open("valueAndGrad", transforms.valueAndGrad);
export const vjp: typeof transforms.vjp = open("vjp", transforms.vjp);
export const vmap: typeof transforms.vmap = open("vmap", transforms.vmap);

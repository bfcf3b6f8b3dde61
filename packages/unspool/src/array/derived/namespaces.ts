/** The namespaces that users import: the functions of jax-js, lifted and mended, and those that are made of them. */
import { customLinearSolve } from "../customLinearSolve.ts";
import { lax as baseLax, type Lax as BaseLax } from "../lax.ts";
import { linalg as baseLinalg, type Linalg as BaseLinalg } from "../linalg.ts";
import { np as baseNp, type Np as BaseNp } from "../np.ts";
import { random as baseRandom, type Random as BaseRandom } from "../random.ts";
import { type Signature, guardAll } from "../guard.ts";
import { randomSignatures } from "../signatures.ts";
import { registerUpdates } from "../tensor.ts";
import { indexedUpdate } from "./indexedUpdate.ts";
import { associativeScan } from "./lax/associativeScan.ts";
import { cond, switchCase } from "./lax/branches.ts";
import { dynamicSlice, dynamicUpdateSlice } from "./lax/dynamicSlices.ts";
import { foriLoop, whileLoop } from "./lax/loops.ts";
import { eigh, eigvals, eigvalsh } from "./linalg/eigen.ts";
import { expm } from "./linalg/expm.ts";
import { lstsq, matrixRank, pinv } from "./linalg/leastSquares.ts";
import { matrixNorm, norm } from "./linalg/norms.ts";
import { qr } from "./linalg/qr.ts";
import { cholesky, det, inv, matrixPower, slogdet, solve } from "./linalg/solves.ts";
import { svd } from "./linalg/svd.ts";
import { average, corrcoef, cov } from "./np/averages.ts";
import { allclose, arrayEqual, isclose } from "./np/closeness.ts";
import { geomspace, kron, logspace, polyval, tri } from "./np/constructions.ts";
import { bincount, histogram } from "./np/counts.ts";
import { gradient, trapezoid } from "./np/differences.ts";
import {
  nanargmax,
  nanargmin,
  nanmax,
  nanmean,
  nanmin,
  nanprod,
  nanstd,
  nansum,
  nanvar,
} from "./np/nanReductions.ts";
import { median, percentile, quantile } from "./np/quantiles.ts";
import { digitize, interp, searchsorted } from "./np/searches.ts";
import { binomial } from "./random/binomial.ts";
import { choice, permutation } from "./random/choices.ts";
import { cauchy, laplace, multivariateNormal, truncatedNormal } from "./random/continuous.ts";
import { beta, dirichlet, gamma } from "./random/gamma.ts";
import { poisson } from "./random/poisson.ts";

registerUpdates(indexedUpdate);

/** What these functions are given, they check themselves; what still goes wrong inside is typed and named. */
const mayTakeFunctions: Signature = { isOpen: true };
const withoutFunctions: Readonly<Record<string, Signature>> = { dynamicSlice: {}, dynamicUpdateSlice: {} };

interface DerivedNp {
  allclose: typeof allclose;
  arrayEqual: typeof arrayEqual;
  average: typeof average;
  bincount: typeof bincount;
  corrcoef: typeof corrcoef;
  cov: typeof cov;
  digitize: typeof digitize;
  geomspace: typeof geomspace;
  gradient: typeof gradient;
  histogram: typeof histogram;
  interp: typeof interp;
  isclose: typeof isclose;
  kron: typeof kron;
  logspace: typeof logspace;
  median: typeof median;
  nanargmax: typeof nanargmax;
  nanargmin: typeof nanargmin;
  nanmax: typeof nanmax;
  nanmean: typeof nanmean;
  nanmin: typeof nanmin;
  nanprod: typeof nanprod;
  nanstd: typeof nanstd;
  nansum: typeof nansum;
  nanvar: typeof nanvar;
  percentile: typeof percentile;
  polyval: typeof polyval;
  quantile: typeof quantile;
  searchsorted: typeof searchsorted;
  trapezoid: typeof trapezoid;
  tri: typeof tri;
}

/** The namespace of array functions. */
export type Np = BaseNp & DerivedNp;

// prettier-ignore
const derivedNp: DerivedNp = {
  allclose, arrayEqual, average, bincount, corrcoef, cov, digitize, geomspace, gradient, histogram, interp, isclose,
  kron, logspace, median, nanargmax, nanargmin, nanmax, nanmean, nanmin, nanprod, nanstd, nansum, nanvar, percentile,
  polyval, quantile, searchsorted, trapezoid, tri,
};
export const np: Np = { ...baseNp, ...guardAll("np", derivedNp, {}) };

interface DerivedLax {
  associativeScan: typeof associativeScan;
  cond: typeof cond;
  customLinearSolve: typeof customLinearSolve;
  dynamicSlice: typeof dynamicSlice;
  dynamicUpdateSlice: typeof dynamicUpdateSlice;
  foriLoop: typeof foriLoop;
  switch: typeof switchCase;
  whileLoop: typeof whileLoop;
}

/** The namespace of low-level functions and of control flow. */
export type Lax = BaseLax & DerivedLax;

// prettier-ignore
const derivedLax: DerivedLax = {
  associativeScan, cond, customLinearSolve, dynamicSlice, dynamicUpdateSlice, foriLoop, switch: switchCase, whileLoop,
};
export const lax: Lax = { ...baseLax, ...guardAll("lax", derivedLax, withoutFunctions, mayTakeFunctions) };

interface DerivedLinalg {
  cholesky: typeof cholesky;
  det: typeof det;
  eigh: typeof eigh;
  eigvals: typeof eigvals;
  eigvalsh: typeof eigvalsh;
  expm: typeof expm;
  inv: typeof inv;
  lstsq: typeof lstsq;
  matrixNorm: typeof matrixNorm;
  matrixPower: typeof matrixPower;
  matrixRank: typeof matrixRank;
  norm: typeof norm;
  pinv: typeof pinv;
  qr: typeof qr;
  slogdet: typeof slogdet;
  solve: typeof solve;
  svd: typeof svd;
}

/** The namespace of linear algebra. */
export type Linalg = Omit<BaseLinalg, keyof DerivedLinalg> & DerivedLinalg;

// prettier-ignore
const derivedLinalg: DerivedLinalg = {
  cholesky, det, eigh, eigvals, eigvalsh, expm, inv, lstsq, matrixNorm, matrixPower, matrixRank, norm, pinv, qr,
  slogdet, solve, svd,
};
export const linalg: Linalg = { ...baseLinalg, ...guardAll("linalg", derivedLinalg, {}) };

interface DerivedRandom {
  beta: typeof beta;
  binomial: typeof binomial;
  cauchy: typeof cauchy;
  choice: typeof choice;
  dirichlet: typeof dirichlet;
  gamma: typeof gamma;
  laplace: typeof laplace;
  multivariateNormal: typeof multivariateNormal;
  permutation: typeof permutation;
  poisson: typeof poisson;
  truncatedNormal: typeof truncatedNormal;
}

/** The namespace of random functions. */
export type Random = Omit<BaseRandom, keyof DerivedRandom> & DerivedRandom;

// prettier-ignore
const derivedRandom: DerivedRandom = {
  beta, binomial, cauchy, choice, dirichlet, gamma, laplace, multivariateNormal, permutation, poisson,
  truncatedNormal,
};
export const random: Random = { ...baseRandom, ...guardAll("random", derivedRandom, randomSignatures) };

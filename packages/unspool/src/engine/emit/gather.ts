/**
 * Reading elements by computed index: lane by lane, or a whole vector where the lanes have one index. Elements of coded
 * constants become numbers here.
 */
import type { DType } from "../../array/index.ts";
import type { Access } from "../graph/access.ts";
import type { Node } from "../graph/node.ts";
import type { CodedPlace } from "../memory.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { type EmitContext, type Location, bytesOf } from "./location.ts";
import type { Moving, PointerSet } from "./nest.ts";
import { type Vector, isWide, loadVector } from "./vectors.ts";

/** The array that is read: it moves with the axes of the result that are not indexed. */
export interface Gathered extends Moving {
  readonly dtype: DType;
  readonly location: Location;
  /** Set if a byte per element is read. */
  readonly coded?: CodedPlace;
  /** Per index: bytes from one element to the next, and how many there are. */
  readonly indexed: readonly { readonly strideBytes: number; readonly length: number }[];
}

/** `inOrder` maps strides over the result's axes to those of the nest. */
export function gatheredFrom(
  node: Node,
  { base, strides, offset }: Access,
  context: EmitContext,
  inOrder: (strides: readonly number[]) => number[],
): Gathered {
  const coded = base.op === "constant" ? context.coded(base) : undefined;
  const location: Location =
    coded === undefined ? context.locate(base) : { base: "absolute", offset: coded.address, lanes: 1 };
  const scale = coded === undefined ? location.lanes * bytesOf(base.dtype) : 1;
  const axes = node.params.axes!;
  const source = node.inputs[0]!;
  const outDim = node.params.outDim!;
  const around = source.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const indexAxes = node.shape.length - around.length;
  const full = node.shape.map((_, i) => {
    if (i >= outDim && i < outDim + indexAxes) return 0;
    return strides[around[i < outDim ? i : i - indexAxes]!]!;
  });
  const moving: number[] = inOrder(full).map((stride) => stride * scale);
  return {
    base: location.base,
    offset: location.offset + offset * scale,
    strides: moving,
    dtype: base.dtype,
    location,
    ...(coded !== undefined && { coded }),
    indexed: axes.map((axis) => ({ strideBytes: strides[axis]! * scale, length: source.shape[axis]! })),
  };
}

/** Indices beyond the ends are moved to the ends. `laneBytes` lie between the elements of neighbouring lanes. */
export function emitGather(
  f: FunctionBuilder,
  gathered: Gathered,
  pointers: PointerSet,
  indices: readonly { vector: Vector; isSame: boolean }[],
  laneBytes: number,
  shift: number,
): Vector {
  const { dtype, coded, indexed } = gathered;
  const bytes = coded === undefined ? bytesOf(dtype) : 1;
  indices.forEach(({ vector }, i) => {
    f.get(vector[0]!, f.constant("i32x4", 0)).op("i32x4.max_s");
    f.get(f.constant("i32x4", indexed[i]!.length - 1)).op("i32x4.min_s");
    f.get(f.constant("i32x4", indexed[i]!.strideBytes)).op("i32x4.mul");
    if (i > 0) f.op("i32x4.add");
  });
  const moves = f.save("v128");
  const from = pointers.offset(gathered) + shift;
  const pointer = pointers.at(gathered);
  const address = f.local("i32");
  // Immediate offsets are unsigned and addresses do not wrap around: what may be negative is added to the pointer.
  const isBackward = laneBytes < 0 || indexed.some(({ strideBytes }) => strideBytes < 0);
  const start = isBackward ? Math.max(0, -3 * laneBytes) : from;
  const addressOf = (lane: number): Local => {
    f.get(pointer).get(moves).lane("i32x4.extract_lane", lane).op("i32.add");
    if (isBackward) f.i32(from - start).op("i32.add");
    f.set(address);
    return address;
  };
  let result: Vector;
  if (indices.every(({ isSame }) => isSame)) {
    const access = laneBytes === 0 ? "same" : laneBytes === bytes ? "contiguous" : { strideBytes: laneBytes };
    result =
      coded === undefined
        ? loadVector(f, addressOf(0), start, dtype, access)
        : [loadCoded(f, addressOf(0), start, dtype, coded, laneBytes)];
  } else if (coded !== undefined) {
    result = [fromTable(f, coded, addressOf, (lane) => start + lane * laneBytes)];
  } else {
    const parts = isWide(dtype) ? 2 : 1;
    result = Array.from({ length: parts }, (_, part) => {
      const own = f.local("v128");
      for (let i = 0; i < 4 / parts; i++) {
        const lane = part * 2 + i;
        const name = isWide(dtype) ? "v128.load64" : "v128.load32";
        f.get(addressOf(lane));
        if (i === 0) f.mem(`${name}_zero`, start + lane * laneBytes).set(own);
        else
          f.get(own)
            .laneMem(`${name}_lane`, i, start + lane * laneBytes)
            .set(own);
      }
      return own;
    });
    if (dtype === "bool") f.get(result[0]!, f.constant("i32x4", 0)).op("i32x4.ne").set(result[0]!);
  }
  f.release(address, moves);
  return result;
}

/** Four elements of one index, `laneBytes` apart. */
function loadCoded(
  f: FunctionBuilder,
  address: Local,
  start: number,
  dtype: DType,
  coded: CodedPlace,
  laneBytes: number,
): Local {
  const { affine, tableAddress } = coded;
  if (laneBytes === 0) {
    f.get(address).mem("i32.load8_u", start).i32(2).op("i32.shl");
    return f.mem("v128.load32_splat", tableAddress).save("v128");
  }
  if (laneBytes !== 1 || affine === undefined)
    return fromTable(
      f,
      coded,
      () => address,
      (lane) => start + lane * laneBytes,
    );
  f.get(address).mem("v128.load32_zero", start, 0);
  f.op("i16x8.extend_low_i8x16_u").op("i32x4.extend_low_i16x8_u");
  const prefix = dtype === "float32" ? "f32x4" : "i32x4";
  if (dtype === "float32") f.op("f32x4.convert_i32x4_s");
  if (affine.scale !== 1) f.get(f.constant(prefix, affine.scale)).op(`${prefix}.mul`);
  if (affine.offset !== 0) f.get(f.constant(prefix, affine.offset)).op(`${prefix}.add`);
  return f.save("v128");
}

/** The values of the codes at four addresses. */
function fromTable(
  f: FunctionBuilder,
  { tableAddress }: CodedPlace,
  addressOf: (lane: number) => Local,
  offsetOf: (lane: number) => number,
): Local {
  const own = f.local("v128");
  for (let lane = 0; lane < 4; lane++) {
    f.get(addressOf(lane)).mem("i32.load8_u", offsetOf(lane)).i32(2).op("i32.shl");
    if (lane === 0) f.mem("v128.load32_zero", tableAddress);
    else f.get(own).laneMem("v128.load32_lane", lane, tableAddress);
    f.set(own);
  }
  return own;
}
